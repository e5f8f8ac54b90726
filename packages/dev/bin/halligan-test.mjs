#!/usr/bin/env node
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm test");

/**
 * Runs all tests, or those of the given files: `npm test -- packages/agent/test/core/*.test.ts`.
 * The tests start some hundreds of processes from the same sources. Their compiled form is kept in
 * a folder, which makes each start about a third cheaper.
 *
 * Both limits only end what hangs: the longest test takes about a minute on two idle cores. Without
 * them one endless loop keeps the run alive and hides its name.
 */
const files = process.argv.slice(2);
const cache = fileURLToPath(new URL("../../../node_modules/.cache/halligan-compiled", import.meta.url));
const child = spawn(
  process.execPath,
  [
    "--test",
    "--test-reporter=spec",
    "--test-concurrency=3",
    `--test-timeout=${process.env.HALLIGAN_TEST_LIMIT_MS ?? 600_000}`,
    `--import=${new URL("test-file-limit.mjs", import.meta.url)}`,
    ...(files.length > 0 ? files : ["packages/*/test/**/*.test.ts"]),
  ],
  { stdio: "inherit", env: { NODE_COMPILE_CACHE: cache, ...process.env } },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("exit", (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 130);
});
