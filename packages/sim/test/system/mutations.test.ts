import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { INVARIANTS } from "../../src/world/violation.ts";
import { MUTATIONS } from "../mutations/mutations.ts";
import { runMutant, SEEDS } from "../mutations/run-mutant.ts";

/**
 * How many schedules all mutations together may take. With fresh seeds it is one for each mutation.
 * Some stale seeds are allowed; without a bound they once took half of the time of `npm test`.
 */
const MOST_SCHEDULES = 600;

test("each invariant has a mutation that is made to break it", () => {
  const broken = new Set<string>(MUTATIONS.map(({ breaks }) => breaks[0]));
  assert.deepEqual(
    Object.keys(INVARIANTS).filter((invariant) => !broken.has(invariant)),
    [],
  );
});

test("each mutation has a seed, and each seed a mutation", () => {
  assert.deepEqual([...SEEDS.keys()].toSorted(), MUTATIONS.map(({ name }) => name).toSorted());
});

const taken = new Map<string, number>();

describe("the simulation notices it when", { concurrency: 2 }, () => {
  for (const { name, breaks } of MUTATIONS) {
    test(name, async () => {
      const { invariant, message, schedules } = await runMutant(name);
      taken.set(name, schedules);
      assert.ok(invariant !== null, `nothing was noticed in ${schedules} schedules`);
      assert.ok(new Set<string>(breaks).has(invariant), `it was noticed by something else: ${message}`);
    });
  }
});

test("the seeds at which the search begins are not stale", () => {
  const sum = taken.values().reduce((total, schedules) => total + schedules, 0);
  const stale = [...taken].filter(([, schedules]) => schedules > 1).map(([name, n]) => `${n} schedules: ${name}`);
  const remedy = "run node packages/sim/test/mutations/renew-seeds.ts";
  assert.ok(sum <= MOST_SCHEDULES, `${sum} schedules; ${remedy}\n${stale.join("\n")}`);
});
