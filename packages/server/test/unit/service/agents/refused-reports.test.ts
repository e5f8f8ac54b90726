import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ended } from "@halligan/protocol/link";
import { recordEnded } from "../../../../src/service/agents/machine-reports.ts";
import { MACHINE_ID, sampleAction, sampleCommand, sampleMachine, sampleOrder } from "../../domain/sample-action.ts";
import { openService } from "../service-fixture.ts";

const LINK = { machineId: MACHINE_ID, connectionEpoch: 1 };
const EVIDENCE = { payload: "refused", signature: "s", publicKey: "k" };

/** A machine whose order of two scripts is out. */
async function openReports() {
  const service = await openService();
  const action = sampleAction({ order: sampleOrder({}), commands: [sampleCommand(), sampleCommand()] });
  await service.store.write(async (tx) => {
    await tx.machines.insert(sampleMachine({ connectionEpoch: LINK.connectionEpoch }));
    await tx.actions.insert(action);
  });
  const ended = (index: number, transcript: string, changes: Partial<Ended> = {}): Ended => ({
    type: "ended",
    actionId: action.id,
    orderSeq: sampleOrder({}).orderSeq,
    index,
    outcome: "completed",
    errors: [],
    result: { kind: "inline", transcript },
    ...changes,
  });
  const kept = (index: number) =>
    service.store.read(async (tx) => ({
      bytes: String((await tx.results.inline(action.id, index)) ?? ""),
      payloads: (await tx.signedEnds.of(action.id)).filter((end) => end.index === index).map(({ payload }) => payload),
    }));
  return { service, action, ended, kept, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

for (const { title, index, changes } of [
  { title: "out of turn", index: 1, changes: {} },
  { title: "failed without a reason", index: 0, changes: { outcome: "failed" as const } },
  { title: "of a command that the action does not have", index: 999, changes: {} },
]) {
  test(`an end that is ${title} leaves neither bytes nor evidence`, async () => {
    await using at = await openReports();
    const refused = await recordEnded(at.service, LINK, at.ended(index, '"refused"', changes), EVIDENCE);
    assert.equal(refused.kind, "illegal");
    assert.deepEqual(await at.kept(index), { bytes: "", payloads: [] });
  });
}

test("an upload that was refused before an end does not replace its bytes and evidence", async () => {
  await using at = await openReports();
  await recordEnded(at.service, LINK, at.ended(1, '"refused"'), EVIDENCE);
  for (const index of [0, 1]) {
    const recorded = await recordEnded(at.service, LINK, at.ended(index, '"told"'), { ...EVIDENCE, payload: "told" });
    assert.equal(recorded.kind, "recorded");
    assert.deepEqual(await at.kept(index), { bytes: '"told"', payloads: ["told"] });
  }
});

test("an end out of turn of an action that is final leaves neither bytes nor evidence", async () => {
  await using at = await openReports();
  const failed = at.ended(0, '"told"', { outcome: "failed", errors: ["no"] });
  await recordEnded(at.service, LINK, failed, { ...EVIDENCE, payload: "told" });
  const late = await recordEnded(at.service, LINK, at.ended(1, '"refused"'), EVIDENCE);
  assert.equal(late.kind, "recorded");
  assert.deepEqual(await at.kept(1), { bytes: "", payloads: [] });
});
