#!/usr/bin/env node
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireNode } from "@halligan/protocol/require-node";
import { bundlePackages } from "./bundled-packages.mjs";
import { allTestFiles } from "./test-groups.mjs";

requireNode("npm test");
const { runtimeExecutable } = await import("../src/runtimes.ts");

/**
 * Runs all tests, or those of the given files: `npm test -- packages/agent/test/core/*.test.ts`.
 * The tests start some hundreds of processes from the same sources. Their compiled form is kept in
 * a folder, which makes each start about a third cheaper, and packages of many modules are bundled
 * once (`bundled-packages.mjs`), which takes another third off. `npm run demo` runs without both.
 *
 * Four files run at a time: on two cores, since a third of the time of the files is waiting.
 * Small test files share a process when all tests run (`test-groups.mjs`).
 *
 * Both limits only end what hangs: the longest test takes about a minute on two idle cores. Without
 * them one endless loop keeps the run alive and hides its name.
 */
const files = process.argv.slice(2);
if (files.includes("--help") || files.includes("-h")) {
  process.stdout.write("usage: npm test [-- FILE...]\n\nRuns the tests of these files; without a file, all tests.\n");
  process.exit(0);
}
const root = fileURLToPath(new URL("../../../", import.meta.url));
const cache = join(root, "node_modules/.cache/halligan-compiled");
const bun = runtimeExecutable("bun");
const bundled = bun === null ? null : bundlePackages(root, join(root, "node_modules/.cache/halligan-bundled"), bun);
const options = [process.env.NODE_OPTIONS, bundled && `--import=${bundled}`].filter(Boolean).join(" ");
const groups = files.length > 0 ? null : mkdtempSync(join(tmpdir(), "halligan-test-groups-"));
const child = spawn(
  process.execPath,
  [
    "--test",
    "--test-reporter=spec",
    "--test-concurrency=4",
    `--test-timeout=${process.env.HALLIGAN_TEST_LIMIT_MS ?? 600_000}`,
    `--import=${new URL("test-file-limit.mjs", import.meta.url)}`,
    ...(groups === null ? files : allTestFiles(root, groups)),
  ],
  { stdio: "inherit", env: { NODE_COMPILE_CACHE: cache, ...process.env, NODE_OPTIONS: options, TZ: "UTC" } },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("exit", (code, signal) => {
  if (groups !== null) rmSync(groups, { recursive: true, force: true });
  process.exitCode = code ?? (signal === null ? 1 : 130);
});
