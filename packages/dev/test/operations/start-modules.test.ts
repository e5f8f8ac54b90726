import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { ENTRY } from "../../src/runtimes.ts";

const PRINT = `process.on("exit", () => console.log(process.moduleLoadList.join("\\n")));`;
const PRELOAD = `--import=data:text/javascript,${encodeURIComponent(PRINT)}`;

for (const program of ["agent", "server"] as const) {
  test(`halligan-${program} starts without undici, which an import of node:http would load`, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PRELOAD, ENTRY[program], "--version"]);
    const modules = stdout.split("\n");
    assert.ok(modules.some((name) => name.endsWith(" http")));
    assert.deepEqual(
      modules.filter((name) => name.includes("undici/")),
      [],
    );
  });
}
