import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import type { MachineScope } from "../../../src/domain/machines/device-group.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../src/odata/query.ts";
import { countMachineActions } from "../../../src/store/actions/machine-action-list.ts";
import { SettledCounts } from "../../../src/store/actions/settled-counts.ts";
import type { Executor } from "../../../src/store/statement.ts";
import { sampleAction } from "../../unit/domain/sample-action.ts";
import { SEED } from "../../unit/odata/runs.ts";
import { sampleMachines } from "../../unit/odata/sample-machines.ts";
import { SqliteLists } from "./odata-database.ts";

const NOW_MS = Date.UTC(2026, 0, 2);
const ALL: MachineScope = { kind: "all" };
const FINAL = ["Succeeded", "Failed", "TimeOut", "Cancelled"] as const;

const database = await SqliteLists.open();
after(() => database[Symbol.asyncDispose]());
const machineIds = sampleMachines(8, NOW_MS, 60_000).map(({ id }) => id);
await database.addMachines(sampleMachines(8, NOW_MS, 60_000));

const filters = [
  null,
  "status eq 'Succeeded' and type eq 'LiveResponse'",
  "status eq 'Pending'",
  "not (status eq 'Failed')",
  `machineId eq '${machineIds[0]}' or status eq 'Cancelled'`,
  "requestor eq 'somebody'",
  "lastUpdateDateTimeUtc gt 2026-01-02T00:00:00Z",
].map((text) => {
  const query = parseListQuery(new URLSearchParams(text === null ? {} : { $filter: text }), MACHINE_ACTIONS, NOW_MS);
  assert.ok(query.ok);
  return query.value.filter;
});

/** Stores every count, and stops after a few lookups, as a large deployment does after many. */
const { executor } = database;
const reading: Executor & { statements: number } = {
  dialect: executor.dialect,
  hasOtherWriters: false,
  settledCounts: new SettledCounts({ worthKeeping: 0, maxLookups: 6, maxFilters: filters.length }),
  statements: 0,
  all: (statement, params) => executor.all(statement, params),
  compareAndSet: (statement, params) => executor.compareAndSet(statement, params),
  allOnce(build) {
    this.statements += 1;
    return executor.allOnce(build);
  },
};

let made = 0;

/**
 * The changes that affect a count: a new action, the end of an open one, and late reports. Then old
 * actions are removed.
 */
type Step = { at: number; status: (typeof FINAL)[number]; what: "add" | "end" | "late" | "remove" };

async function take({ at, status, what }: Step): Promise<void> {
  const machineId = machineIds[at % machineIds.length] ?? "";
  await database.store.write(async (tx) => {
    const open = await tx.actions.unfinishedOf(machineId);
    if (what === "add") {
      made += 1;
      const id = `00000000-0000-4000-8000-${String(made).padStart(12, "0")}`;
      const isOpen = !open && at % 2 === 0;
      const requestor = at % 3 === 0 ? "somebody" : "another";
      const createdAtMs = NOW_MS - 1_000 + made;
      const changed = { id, machineId, requestor, createdAtMs, updatedAtMs: createdAtMs, order: null };
      await tx.actions.insert(sampleAction({ ...changed, status: isOpen ? "Pending" : status }));
    } else if (what === "end" && open) {
      await tx.actions.save(open, { ...open, status });
    } else if (what === "late") {
      const late = await tx.actions.byId(`00000000-0000-4000-8000-${String(1 + (at % (made + 1))).padStart(12, "0")}`);
      if (late) await tx.actions.save(late, { ...late, updatedAtMs: NOW_MS + at });
    } else if (what === "remove") {
      await tx.actions.removeBefore(NOW_MS - 1_000 + Math.floor(made / 2), 1 + (at % 3));
    }
  });
}

test("a count that starts from what is settled is the count of everything, whatever happened in between", async () => {
  const step = fc.record<Step>({
    at: fc.nat(1_000),
    status: fc.constantFrom(...FINAL),
    what: fc.constantFrom("add", "add", "add", "end", "end", "late", "remove"),
  });
  for (const steps of fc.sample(fc.array(step, { maxLength: 10 }), { numRuns: 150, seed: SEED })) {
    for (const one of steps) await take(one);
    for (const filter of filters) {
      const counted = await countMachineActions(reading, filter, ALL);
      assert.equal(counted, await countMachineActions(executor, filter, ALL), JSON.stringify(filter));
    }
  }
});

test("settled rows are not counted again, and a removal restarts the count", async () => {
  const count = async () => {
    const before = reading.statements;
    await countMachineActions(reading, null, ALL);
    return reading.statements - before;
  };
  await count();
  assert.equal(await count(), 1, "from what was settled");
  const add: Step = { at: 1, status: "Failed", what: "add" };
  for (let n = 0; n < 3; n += 1) await take(add);
  assert.equal(await count(), 1, "with what came since");
  await take({ at: 0, status: "Failed", what: "remove" });
  assert.equal(await count(), 2, "not after a removal");
  for (let n = 0; n < 10; n += 1) await take(add);
  assert.equal(await count(), 2, "not with more than may be looked up");
});
