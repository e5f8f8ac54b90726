import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditRange, AuditRecord } from "../../../src/store/administration/audit.ts";
import type { Store } from "../../../src/store/store.ts";

const RECORD: AuditRecord = {
  atMs: 1,
  actor: "a",
  actorId: "exporter",
  actorKind: "application",
  application: null,
  address: null,
  operation: "RunLiveResponse",
  machineId: null,
  actionId: null,
  detail: {},
};
const EXPORTED = { machineId: null, actionId: null, actorId: "exporter", operations: null };

/** The part of the store contract about the export of the audit log. */
export function describeAudit(store: () => Store): void {
  const range = async (change: Omit<AuditRange, keyof typeof EXPORTED> & Partial<AuditRange>) =>
    (await store().read((tx) => tx.audit.range({ ...EXPORTED, ...change }, { kind: "all" }))).records;
  const newest = () => store().read((tx) => tx.audit.newestSeq());

  test("a range of the audit is oldest first, without its lower bound, with its upper one, and at most the limit", async () => {
    const before = await newest();
    await store().write(async (tx) => {
      for (const operation of ["A", "B", "C", "D"]) await tx.audit.append({ ...RECORD, operation });
    });
    const [a, b, c, d] = await range({ afterSeq: before, upToSeq: await newest(), limit: 10 });
    assert.deepEqual([a?.operation, b?.operation, c?.operation, d?.operation], ["A", "B", "C", "D"]);
    assert.ok(a && b && c && d && before < a.seq && a.seq < b.seq && b.seq < c.seq && c.seq < d.seq);
    assert.deepEqual(await range({ afterSeq: a.seq, upToSeq: c.seq, limit: 10 }), [b, c]);
    assert.deepEqual(await range({ afterSeq: a.seq, upToSeq: d.seq, limit: 1 }), [b]);
    assert.deepEqual(await range({ afterSeq: before, upToSeq: d.seq, limit: 10, operations: ["c"] }), [c]);
    assert.deepEqual(await range({ afterSeq: d.seq, upToSeq: d.seq, limit: 10 }), []);
  });

  test("a record that is written after the newest number was read has a higher number, unless its transaction was listed", async () => {
    const before = await newest();
    const [inserted, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const writing = store().write(async (tx) => {
      await tx.audit.append({ ...RECORD, operation: "Open" });
      // Sends the insert, which is held back until a statement with a result.
      await tx.audit.newestSeq();
      inserted.resolve();
      await finish.promise;
    });
    await inserted.promise;
    assert.equal(await newest(), before, "an uncommitted record is not visible");
    const listed = await store().read((tx) => tx.audit.writers());
    finish.resolve();
    await writing;
    const [record] = await range({ afterSeq: before, upToSeq: await newest(), limit: 10 });
    assert.ok(record && record.seq > before);
    const present = await store().read((tx) => tx.audit.writers());
    assert.deepEqual(
      listed.filter((writer) => present.includes(writer)),
      [],
      "a transaction that ended is not listed",
    );
  });
}
