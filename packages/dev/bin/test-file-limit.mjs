/**
 * Ends a test file that runs too long. `npm test` loads this module before each file. The runner's
 * own limit ends a test, but a loop that the test left behind keeps the process and the whole run
 * alive.
 */
const limitMs = Number(process.env.HALLIGAN_TEST_FILE_LIMIT_MS ?? 900_000);

// The runner process loads this module too. Only the processes of test files have this variable.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    const waits = process.getActiveResourcesInfo().join(", ");
    process.stderr.write(`${process.argv[1]} still runs after ${limitMs / 1_000} s. It waits for: ${waits}.\n`);
    process.exit(1);
  }, limitMs).unref();
}
