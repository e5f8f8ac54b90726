import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { basename, relative } from "node:path";
import { isMainThread } from "node:worker_threads";

/**
 * `npm test -- --times` loads this module in each test file. At its end the file's process appends
 * one line of JSON to the file that HALLIGAN_TEST_TIMES names. {@link timesTable} reads these
 * lines.
 */
const into = process.env.HALLIGAN_TEST_TIMES;
const file = process.argv[1] ?? "";
// A program that a test forks, and a worker, load this module too.
if (into && isMainThread && process.env.NODE_TEST_CONTEXT !== undefined && /\.test\.m?[jt]s$/.test(file)) {
  process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    const ownMs = Math.round((user + system) / 1_000);
    const line = { file, wallMs: Math.round(performance.now()), ownMs, childrenMs: childrenMs() };
    appendFileSync(into, `${JSON.stringify(line)}\n`);
  });
}

/**
 * Processor time of all children that have ended, and of theirs, in milliseconds. Node does not
 * give it. Linux counts it in units of 10 ms. On other systems it is 0.
 */
function childrenMs() {
  if (process.platform !== "linux") return 0;
  // The name of the program comes before the last bracket, and may have spaces.
  const [user, system] = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1).split(" ").slice(13, 15);
  return (Number(user) + Number(system)) * 10;
}

/**
 * The test files by their processor time, in seconds. `times` is the file with the lines. What a
 * server of the machine does for a test, such as PostgreSQL, is not in it.
 */
export function timesTable(times, root) {
  const lines = existsSync(times) ? readFileSync(times, "utf8").trim().split("\n") : [];
  const files = lines.map((line) => JSON.parse(line)).toSorted((a, b) => processorMs(b) - processorMs(a));
  const seconds = (ms) => (ms / 1_000).toFixed(1).padStart(8);
  const row = (name, { wallMs, ownMs, childrenMs }) =>
    `${seconds(wallMs)} ${seconds(ownMs + childrenMs)} ${seconds(childrenMs)}  ${name}`;
  const sum = (key) => files.reduce((total, one) => total + one[key], 0);
  const rows = files.map((one) =>
    row(one.file.includes("/.tmp/") ? basename(one.file) : relative(root, one.file), one),
  );
  const all = { wallMs: sum("wallMs"), ownMs: sum("ownMs"), childrenMs: sum("childrenMs") };
  return `${["", "    time  process  children  file (seconds)", ...rows, row("all files", all)].join("\n")}\n`;
}

const processorMs = ({ ownMs, childrenMs }) => ownMs + childrenMs;
