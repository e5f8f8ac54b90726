import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../src/odata/query.ts";
import type { AuditFilter, AuditRecord } from "../../../src/store/administration/audit.ts";
import type { Store } from "../../../src/store/store.ts";

const RECORD: AuditRecord = {
  atMs: 1,
  actor: "a",
  actorId: "a",
  actorKind: "application",
  application: null,
  address: null,
  operation: "RunLiveResponse",
  machineId: null,
  actionId: null,
  detail: {},
};
const AUDIT: AuditFilter = {
  machineId: null,
  actionId: null,
  actorId: null,
  operations: null,
  beforeSeq: null,
  limit: 10,
};

/** The part of the store contract about results, the signatures about them, and their removal. */
export function describeResults(
  store: () => Store,
  addMachine: () => Promise<Machine>,
  addAction: (machineId: string, change: Partial<MachineAction>) => Promise<MachineAction>,
): void {
  test("an inline result is kept as the first report had it", async () => {
    const bytes = Buffer.from('{"x":"\u0000ü"}');
    const { id } = await addAction((await addMachine()).id, { status: "Succeeded" });
    await store().write((tx) => tx.results.insertInline(id, 0, bytes));
    await store().write((tx) => tx.results.insertInline(id, 0, Buffer.from("other")));
    assert.deepEqual(Buffer.from((await store().read((tx) => tx.results.inline(id, 0))) ?? []), bytes);
    assert.equal(await store().read((tx) => tx.results.inline(id, 1)), undefined);
  });

  test("a result and the signature about it are kept independently, for each command of each action", async () => {
    const signed = { payload: "what was signed", signature: "s", publicKey: "k" };
    const machine = await addMachine();
    const a = await addAction(machine.id, { status: "Succeeded" });
    const b = await addAction(machine.id, { status: "Succeeded" });
    await store().write(async (tx) => {
      await tx.signedEnds.insert({ actionId: a.id, index: 0, ...signed });
      await tx.results.insertInline(a.id, 0, Buffer.from("first"));
      await tx.results.insertInline(a.id, 99, Buffer.from("last"));
      await tx.signedEnds.insert({ actionId: a.id, index: 99, ...signed });
      await tx.signedEnds.insert({ actionId: a.id, index: 99, ...signed, payload: "a second report" });
      await tx.results.insertInline(b.id, 0, Buffer.from("of another action"));
    });
    const inline = async (id: string, index: number) => {
      const content = await store().read((tx) => tx.results.inline(id, index));
      return content && Buffer.from(content).toString();
    };
    assert.deepEqual([await inline(a.id, 0), await inline(a.id, 99)], ["first", "last"]);
    assert.deepEqual(await store().read((tx) => tx.signedEnds.of(a.id)), [
      { index: 0, ...signed },
      { index: 99, ...signed },
    ]);
    assert.deepEqual(await store().read((tx) => tx.signedEnds.of(b.id)), []);
    await store().write((tx) => tx.results.removeOf(a.id));
    assert.deepEqual(
      [await inline(a.id, 0), await inline(a.id, 99), await inline(b.id, 0)],
      [undefined, undefined, "of another action"],
    );
    assert.equal((await store().read((tx) => tx.signedEnds.of(a.id))).length, 2);
  });

  test("an action that was removed leaves no ends, is still found in the audit, and its sequence is not used again", async () => {
    const machine = await addMachine();
    const ended = { status: "Succeeded", createdAtMs: 1, order: null } as const;
    const old = [await addAction(machine.id, ended), await addAction(machine.id, ended)];
    const [first, newest] = old.map(({ id }) => id);
    await store().write(async (tx) => {
      for (const { id, machineId } of old) {
        await tx.signedEnds.insert({ actionId: id, index: 0, payload: "p", signature: "s", publicKey: "k" });
        await tx.audit.append({ ...RECORD, actionId: id, machineId });
      }
    });
    const query = parseListQuery(new URLSearchParams(), MACHINE_ACTIONS, 10_000);
    assert.ok(query.ok);
    const newestSeq = async () => {
      const { next } = await store().read((tx) => tx.actions.list({ ...query.value, pageSize: 1 }, { kind: "all" }));
      return next?.seq ?? 0;
    };
    const seqBefore = await newestSeq();
    const removed = await store().write((tx) => tx.actions.removeBefore(2, 1_000));
    assert.deepEqual([removed.includes(first ?? ""), removed.includes(newest ?? "")], [true, true]);
    const next = await addAction(machine.id, { ...ended, createdAtMs: 3 });
    assert.ok((await newestSeq()) > seqBefore);
    const later = await addAction(machine.id, ended);
    const recordsOf = async (actionId: string) =>
      (await store().read((tx) => tx.audit.list({ ...AUDIT, actionId }, { kind: "all" }))).records;
    for (const { id } of [next, later]) {
      assert.deepEqual(await store().read((tx) => tx.signedEnds.of(id)), []);
      assert.deepEqual(await recordsOf(id), []);
    }
    for (const { id } of old)
      assert.deepEqual(
        (await recordsOf(id)).map(({ actionId }) => actionId),
        [id],
      );
  });
}
