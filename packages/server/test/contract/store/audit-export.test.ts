import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { systemClock } from "@halligan/protocol/time";
import { exportAudit } from "../../../src/service/administration/export-audit.ts";
import { listAudit } from "../../../src/service/administration/list-audit.ts";
import type { ServiceContext } from "../../../src/service/context.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import type { Store, StoreTx } from "../../../src/store/store.ts";
import { openTestPostgres } from "../../support/postgres-databases.ts";
import { PLAYBOOK, testServices } from "../../support/test-services.ts";

const ALL = { machineId: null, actionId: null, actorId: null, operation: null };
const append = (tx: StoreTx, operation: string) =>
  tx.audit.append({
    ...{ atMs: 1, actor: "a", actorId: "a", actorKind: null, application: null, address: null },
    ...{ operation, machineId: null, actionId: null, detail: {} },
  });

/** With time that passes. */
const running = (context: ServiceContext): ServiceContext => ({ ...context, clock: systemClock });

/** A record whose transaction stays open until `commit` is called. */
async function openWriter(store: Store, operation: string) {
  const [inserted, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()];
  const writing = store.write(async (tx) => {
    await append(tx, operation);
    // Sends the insert, which is held back until a statement with a result.
    await tx.audit.newestSeq();
    inserted.resolve();
    if (!(await finish.promise)) throw new Error("rolled back");
  });
  await inserted.promise;
  return {
    async commit() {
      finish.resolve(true);
      await writing;
    },
    async rollBack() {
      finish.resolve(false);
      await assert.rejects(writing, /rolled back/);
    },
  };
}

async function part(context: ServiceContext, afterSeq: number, limit = 1_000) {
  const exported = await exportAudit(context, PLAYBOOK, { ...ALL, afterSeq, limit });
  if (!exported.ok) throw new Error(exported.error.code);
  return exported.value;
}

/** Writes from `writers` loops while one reader exports, and compares the export with the table. */
async function exportWhileWriting(context: ServiceContext, stores: readonly Store[]): Promise<void> {
  const WRITERS = 12;
  const ROUNDS = 25;
  let isWriting = true;
  const written = Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const store = stores[(writer + round) % stores.length] ?? context.store;
        const isLost = round % 7 === 3;
        const writing = store.write(async (tx) => {
          await append(tx, `W${writer}.${round}`);
          await tx.audit.newestSeq();
          await new Promise((resolve) => setTimeout(resolve, (writer * 7 + round * 3) % 9));
          await append(tx, `W${writer}.${round}+`);
          if (isLost) throw new Error("rolled back");
        });
        await (isLost ? assert.rejects(writing, /rolled back/) : writing);
      }
    }),
  ).finally(() => {
    isWriting = false;
  });
  const exported: number[] = [];
  let cursor = 0;
  for (let isLast = false; !isLast; ) {
    isLast = !isWriting;
    for (let isFull = true; isFull; ) {
      const next = await part(context, cursor, 20);
      exported.push(...next.records.map(({ seq }) => seq));
      cursor = next.nextSeq;
      isFull = next.isFull;
      // SQLite answers in the same turn of the event loop, and the writers need theirs.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await written;
  const { records: table } = await listAudit(context, PLAYBOOK, { ...ALL, beforeSeq: null, limit: 10_000 });
  assert.ok(table.length > WRITERS * ROUNDS, `${table.length} records`);
  assert.deepEqual(
    exported,
    table.map(({ seq }) => seq).toSorted((a, b) => a - b),
  );
}

describe("the export of the audit log: SQLite", () => {
  test("has each record of concurrent writers once, in the sequence of the numbers", async () => {
    const folder = await mkdtemp(join(tmpdir(), "halligan-audit-"));
    after(() => rm(folder, { recursive: true, force: true }));
    const store = await SqliteStore.open(join(folder, "audit.db"));
    await using services = await testServices({}, { store, nodeId: "node-1" });
    await exportWhileWriting(running(services.context), [store]);
    await store.close();
  });
});

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`the export of the audit log: PostgreSQL (${postgres})`, { skip: postgres });
else {
  await using opening = new AsyncDisposableStack();
  opening.use(postgres);
  const { url } = opening.use(await postgres.createDatabase());
  const stores: readonly [Store, Store] = [await PostgresStore.open({ url }), await PostgresStore.open({ url })];
  for (const store of stores) opening.defer(() => store.close());
  const services = opening.use(await testServices({}, { store: stores[0], nodeId: "node-1" }));
  const context = running(services.context);
  const owned = opening.move();
  after(() => owned.disposeAsync());

  describe("the export of the audit log: PostgreSQL", () => {
    test("two transactions that commit against the sequence of their numbers: the cursor waits for the first", async () => {
      const start = (await part(context, 0)).nextSeq;
      const first = await openWriter(stores[0], "First");
      const second = await openWriter(stores[1], "Second");
      await second.commit();
      const { records: visible } = await listAudit(context, PLAYBOOK, { ...ALL, beforeSeq: null, limit: 1 });
      assert.equal(visible[0]?.operation, "Second", "the later number is visible before the earlier one");
      const meanwhile = await part(context, start);
      assert.deepEqual([meanwhile.records, meanwhile.nextSeq], [[], start]);
      const waiting = part(context, start);
      await first.commit();
      const { records, nextSeq } = await waiting;
      assert.deepEqual(
        records.map(({ operation }) => operation),
        ["First", "Second"],
      );
      assert.equal(nextSeq, records[1]?.seq);
    });

    test("a number of a transaction that was rolled back does not hold the cursor", async () => {
      const start = (await part(context, 0)).nextSeq;
      const lost = await openWriter(stores[0], "Lost");
      await stores[1].write((tx) => append(tx, "Kept"));
      await lost.rollBack();
      const { records, nextSeq } = await part(context, start);
      assert.deepEqual(
        records.map(({ operation, seq }) => [operation, seq]),
        [["Kept", nextSeq]],
      );
      assert.equal(nextSeq, start + 2);
    });

    test("has each record of concurrent writers of two nodes once, in the sequence of the numbers", async () => {
      await exportWhileWriting(context, stores);
    });
  });
}
