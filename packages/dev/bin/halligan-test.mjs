#!/usr/bin/env node
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireNode } from "@halligan/protocol/require-node";
import { bundlePackages } from "./bundled-packages.mjs";
import { timesTable } from "./test-file-times.mjs";
import { testFilesOf } from "./test-groups.mjs";

requireNode("npm test");
const { runtimeExecutable } = await import("../src/runtimes.ts");

const USAGE = `usage: npm test [-- [--times] [FILE...]]
       npm run test:system [-- [--times]]

npm test runs the tests to run before a commit; npm run test:system runs the others, which are in
the folders test/system. With files, of either suite, it runs these.

  --times  prints the time and the processor time of each test file
`;

/**
 * Runs one of the two suites (`test-groups.mjs`), or the tests of the given files:
 * `npm test -- packages/agent/test/core/*.test.ts`.
 *
 * The tests start some hundreds of processes from the same sources. Their compiled form is kept in
 * a folder, which makes each start about a third cheaper, and packages of many modules are bundled
 * once (`bundled-packages.mjs`), which takes another third off. `npm run demo` runs without both.
 *
 * Four files run at a time: on two cores, since a third of the time of the files is waiting.
 *
 * Both limits only end what hangs: the longest test takes about a minute on two idle cores. Without
 * them one endless loop keeps the run alive and hides its name.
 */
const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const files = args.filter((arg) => arg !== "--times" && arg !== "--system");
const unknown = files.find((file) => file.startsWith("-"));
if (unknown !== undefined) {
  process.stderr.write(`npm test: there is no option ${unknown}\n${USAGE}`);
  process.exit(2);
}
const root = fileURLToPath(new URL("../../../", import.meta.url));
const caches = join(root, "node_modules/.cache");
const bun = runtimeExecutable("bun");
const bundled = bun === null ? null : bundlePackages(root, join(caches, "halligan-bundled"), bun);
const options = [process.env.NODE_OPTIONS, bundled && `--import=${bundled}`].filter(Boolean).join(" ");
// The runner sorts files by their paths. So the groups, which take longest, begin first.
mkdirSync(join(root, ".tmp"), { recursive: true });
const own = mkdtempSync(join(root, ".tmp/tests-"));
const times = args.includes("--times") ? join(own, "times.jsonl") : null;
const child = spawn(
  process.execPath,
  [
    "--test",
    "--test-reporter=spec",
    "--test-concurrency=4",
    `--test-timeout=${process.env.HALLIGAN_TEST_LIMIT_MS ?? 600_000}`,
    `--import=${new URL("test-file-limit.mjs", import.meta.url)}`,
    ...(times === null ? [] : [`--import=${new URL("test-file-times.mjs", import.meta.url)}`]),
    ...(files.length > 0 ? files : testFilesOf(args.includes("--system") ? "system" : "test", root, own)),
  ],
  {
    stdio: "inherit",
    env: {
      NODE_COMPILE_CACHE: join(caches, "halligan-compiled"),
      ...process.env,
      ...(times !== null && { HALLIGAN_TEST_TIMES: times }),
      NODE_OPTIONS: options,
      TZ: "UTC",
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("exit", (code, signal) => {
  if (times !== null) process.stdout.write(timesTable(times, root));
  rmSync(own, { recursive: true, force: true });
  process.exitCode = code ?? (signal === null ? 1 : 130);
});
