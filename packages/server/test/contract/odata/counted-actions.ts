import assert from "node:assert/strict";
import fc from "fast-check";
import type { MachineScope } from "../../../src/domain/machines/device-group.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../src/odata/query.ts";
import { countMachineActions } from "../../../src/store/actions/machine-action-list.ts";
import { SettledCounts } from "../../../src/store/actions/settled-counts.ts";
import type { Executor } from "../../../src/store/statement.ts";
import type { Store, StoreTx } from "../../../src/store/store.ts";
import { sampleAction } from "../../unit/domain/sample-action.ts";
import { SEED } from "../../unit/odata/runs.ts";
import { sampleMachines } from "../../unit/odata/sample-machines.ts";
import type { ListDatabase } from "./odata-database.ts";

const NOW_MS = Date.UTC(2026, 0, 2);
const ALL: MachineScope = { kind: "all" };
const FINAL = ["Succeeded", "Failed", "TimeOut", "Cancelled"] as const;

const machines = sampleMachines(8, NOW_MS, 60_000);

const filters = [
  null,
  "status eq 'Succeeded' and type eq 'LiveResponse'",
  "status eq 'Pending'",
  "not (status eq 'Failed')",
  `machineId eq '${machines[0]?.id}' or status eq 'Cancelled'`,
  "requestor eq 'somebody'",
  "lastUpdateDateTimeUtc gt 2026-01-02T00:00:00Z",
].map((text) => {
  const query = parseListQuery(new URLSearchParams(text === null ? {} : { $filter: text }), MACHINE_ACTIONS, NOW_MS);
  assert.ok(query.ok);
  return query.value.filter;
});

type CountedLists = Pick<ListDatabase, "executor" | "addMachines"> & { readonly store: Store };

/** Stores every count, and stops after a few lookups, as a large deployment does after many. */
const SMALL_LIMITS = { worthKeeping: 0, maxLookups: 6, maxFilters: filters.length };

/**
 * The changes that affect a count: a new action, the end of an open one, and late reports. Then old
 * actions are removed.
 */
export type Step = { at: number; status: (typeof FINAL)[number]; what: "add" | "end" | "late" | "remove" };

/** The actions of eight machines, and counts of them that are stored at once. */
export class CountedActions {
  /** How many statements the stored counts took. */
  statements = 0;
  readonly #store: Store;
  readonly #executor: Executor;
  readonly #reading: Executor;
  #made = 0;

  private constructor({ store, executor }: CountedLists) {
    this.#store = store;
    this.#executor = executor;
    this.#reading = {
      dialect: executor.dialect,
      hasOtherWriters: false,
      settledCounts: new SettledCounts(SMALL_LIMITS),
      all: (statement, params) => executor.all(statement, params),
      compareAndSet: (statement, params) => executor.compareAndSet(statement, params),
      allOnce: (build) => {
        this.statements += 1;
        return executor.allOnce(build);
      },
    };
  }

  static async of(lists: CountedLists): Promise<CountedActions> {
    await lists.addMachines(machines);
    return new CountedActions(lists);
  }

  async take({ at, status, what }: Step): Promise<void> {
    await this.#store.write((tx) => this.change(tx, { at, status, what }));
  }

  async change(tx: StoreTx, { at, status, what }: Step): Promise<void> {
    const machineId = machines[at % machines.length]?.id ?? "";
    const open = await tx.actions.unfinishedOf(machineId);
    if (what === "add") {
      this.#made += 1;
      const id = this.#idOf(this.#made);
      const isOpen = !open && at % 2 === 0;
      const requestor = at % 3 === 0 ? "somebody" : "another";
      const createdAtMs = NOW_MS - 1_000 + this.#made;
      const changed = { id, machineId, requestor, createdAtMs, updatedAtMs: createdAtMs, order: null };
      await tx.actions.insert(sampleAction({ ...changed, status: isOpen ? "Pending" : status }));
    } else if (what === "end" && open) {
      await tx.actions.save(open, { ...open, status });
    } else if (what === "late") {
      const late = await tx.actions.byId(this.#idOf(1 + (at % (this.#made + 1))));
      if (late) await tx.actions.save(late, { ...late, updatedAtMs: NOW_MS + at });
    } else if (what === "remove") {
      await tx.actions.removeBefore(NOW_MS - 1_000 + Math.floor(this.#made / 2), 1 + (at % 3));
    }
  }

  /** Compares each stored count with a count of everything. */
  async check(): Promise<void> {
    for (const filter of filters) {
      const counted = await countMachineActions(this.#reading, filter, ALL);
      assert.equal(
        counted,
        await countMachineActions(withoutStored(this.#executor), filter, ALL),
        JSON.stringify(filter),
      );
    }
  }

  /** How many statements one count of everything takes. */
  async statementsOfCount(): Promise<number> {
    const before = this.statements;
    await countMachineActions(this.#reading, null, ALL);
    return this.statements - before;
  }

  #idOf(n: number): string {
    return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  }
}

/** Random changes, one after another. */
export async function takeRandomSteps(counted: CountedActions, numRuns: number): Promise<void> {
  const step = fc.record<Step>({
    at: fc.nat(1_000),
    status: fc.constantFrom(...FINAL),
    what: fc.constantFrom("add", "add", "add", "end", "end", "late", "remove"),
  });
  for (const steps of fc.sample(fc.array(step, { maxLength: 10 }), { numRuns, seed: SEED })) {
    for (const one of steps) await counted.take(one);
    await counted.check();
  }
}

const withoutStored = (executor: Executor): Executor => ({
  dialect: executor.dialect,
  hasOtherWriters: false,
  all: (statement, params) => executor.all(statement, params),
  compareAndSet: (statement, params) => executor.compareAndSet(statement, params),
  allOnce: (build) => executor.allOnce(build),
});
