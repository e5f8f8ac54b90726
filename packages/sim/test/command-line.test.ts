import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const sim = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8" });

for (const many of ["--schedules", "--from", "--threads"]) {
  test(`the simulation refuses --seed together with ${many} and names the remedy`, () => {
    const { status, stdout, stderr } = sim("--seed", "7", many, "2");
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      new RegExp(`--seed runs one schedule and ${many} belongs to many: use --from 7 --schedules N`),
    );
  });
}
