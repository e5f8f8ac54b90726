import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { MachineScope } from "../../../src/domain/machines/device-group.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../src/odata/query.ts";
import { countMachineActions } from "../../../src/store/actions/machine-action-list.ts";
import { openTestPostgres } from "../../support/postgres-databases.ts";
import { sampleAction, sampleMachine } from "../../unit/domain/sample-action.ts";
import { CountedActions, takeRandomSteps } from "./counted-actions.ts";
import { PostgresLists } from "./odata-postgres.ts";

const ALL: MachineScope = { kind: "all" };
const ADD = { at: 1, status: "Failed", what: "add" } as const;

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`stored counts on PostgreSQL (${postgres})`, { skip: postgres });
else {
  await using opening = new AsyncDisposableStack();
  opening.use(postgres);
  const [lists, many] = [
    opening.use(await PostgresLists.open(postgres)),
    opening.use(await PostgresLists.open(postgres)),
  ];
  const owned = opening.move();
  after(() => owned.disposeAsync());
  const counted = await CountedActions.of(lists);

  test("a count that starts from what is settled is the count of everything, whatever happened in between", () =>
    takeRandomSteps(counted, 40));

  test("an action whose number is lower than that of one which was counted is counted when it becomes visible", async () => {
    for (const isKept of [true, false]) {
      const inserted = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const slow = lists.store.write(async (tx) => {
        await counted.change(tx, ADD);
        // Sent, so that its number is drawn.
        await tx.meta.getOrSet("sent", () => "x");
        inserted.resolve();
        await release.promise;
        if (!isKept) throw new RangeError("not kept");
      });
      const ended = isKept ? slow : assert.rejects(slow, RangeError);
      await inserted.promise;
      // Each has a higher number than the open one, and each look sees that one open.
      for (let n = 0; n < 4; n += 1) {
        await counted.take({ ...ADD, at: 3 });
        await counted.check();
      }
      release.resolve();
      await ended;
      for (let n = 0; n < 3; n += 1) await counted.check();
    }
  });

  test("counts at the same moment, with writers at the same moment, are exact afterwards", async () => {
    for (let round = 0; round < 10; round += 1) {
      const writers = Array.from({ length: 6 }, (_, n) => counted.take({ ...ADD, at: 2 * n + 1 }));
      const counts = Array.from({ length: 4 }, () => counted.statementsOfCount());
      await Promise.all([...writers, ...counts]);
      await counted.check();
    }
  });

  test("a count that was asked for before takes as long with 100,000 actions as with 10,000", async () => {
    const machine = sampleMachine({ id: "a".repeat(40) });
    await many.addMachines([machine]);
    await many.addActions([sampleAction({ machineId: machine.id, status: "Succeeded" })]);
    const query = parseListQuery(
      new URLSearchParams({ $filter: "not (status eq 'Failed')", $count: "true" }),
      MACHINE_ACTIONS,
      0,
    );
    assert.ok(query.ok);
    const { filter } = query.value;
    const times: { firstMs: number; laterMs: number }[] = [];
    for (const rows of [10_000, 100_000]) {
      await many.fillTo(rows);
      const firstMs = await least(1, () => countMachineActions(many.executor, filter, ALL), rows);
      const laterMs = await least(20, () => countMachineActions(many.executor, filter, ALL), rows);
      times.push({ firstMs, laterMs });
    }
    const [few, lots] = times;
    assert.ok(few && lots);
    const ratio = lots.laterMs / few.laterMs;
    // A linear count takes ten times as long. A vacuum of the new rows may run at the same time.
    assert.ok(ratio < 5, `${few.laterMs} ms with 10,000 and ${lots.laterMs} ms with 100,000: ${ratio} times`);
    assert.ok(lots.laterMs < lots.firstMs, `${lots.laterMs} ms, and ${lots.firstMs} ms for the first count`);
  });
}

/** The least time of several tries, which other work on the machine lengthens least. */
async function least(tries: number, count: () => Promise<number>, expected: number): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let n = 0; n < tries; n += 1) {
    const fromMs = performance.now();
    assert.equal(await count(), expected);
    leastMs = Math.min(leastMs, performance.now() - fromMs);
  }
  return leastMs;
}
