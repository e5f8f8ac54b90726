import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { INVARIANTS } from "../src/world/violation.ts";
import { MUTATIONS } from "./mutations/mutations.ts";
import { MUTANT_SCHEDULES } from "./schedules.ts";

const MUTANT = fileURLToPath(new URL("mutations/mutant.ts", import.meta.url));

async function runMutant(
  name: string,
): Promise<{ schedules: number; invariant: string | null; message: string | null }> {
  const { stdout } = await promisify(execFile)(process.execPath, [MUTANT, name, String(MUTANT_SCHEDULES)]);
  return JSON.parse(stdout);
}

test("each invariant has a mutation that is made to break it", () => {
  const broken = new Set<string>(MUTATIONS.map(({ breaks }) => breaks[0]));
  assert.deepEqual(
    Object.keys(INVARIANTS).filter((invariant) => !broken.has(invariant)),
    [],
  );
});

describe("the simulation notices it when", { concurrency: 2 }, () => {
  for (const { name, breaks } of MUTATIONS) {
    test(name, async () => {
      const { invariant, message, schedules } = await runMutant(name);
      assert.ok(invariant !== null, `nothing was noticed in ${schedules} schedules`);
      assert.ok(new Set<string>(breaks).has(invariant), `it was noticed by something else: ${message}`);
    });
  }
});
