// Plain JavaScript that any Node can load: it runs before anything that needs a newer one.
// better-sqlite3 13 crashes on Node 20 without a message, so a clear sentence has to come first.
const NEEDED_MAJOR = 24;

/**
 * Ends the process with a sentence that says what to do when this runtime cannot run the program.
 * @param {string} program the name people typed
 */
export function requireNode(program) {
  if (process.versions.bun) return;
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= NEEDED_MAJOR) return;
  process.stderr.write(
    `${program} needs Node ${NEEDED_MAJOR} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      `In a checkout, start ${howToStart(program)}, which uses the Node that "npm ci" installed.\n` +
      `If that prints this again, the pinned Node was not installed for ${process.platform}-${process.arch}` +
      `${isMusl() ? " (musl: the pinned build needs glibc)" : ""}: install Node ${NEEDED_MAJOR} and put it first in PATH.\n`,
  );
  process.exit(1);
}

/** @param {string} program */
function howToStart(program) {
  return program.startsWith("npm ") ? `it by "${program}"` : `bin/${program} of the checkout`;
}

function isMusl() {
  if (process.platform !== "linux") return false;
  const header = process.report?.getReport?.().header;
  return header !== undefined && header.glibcVersionRuntime === undefined;
}
