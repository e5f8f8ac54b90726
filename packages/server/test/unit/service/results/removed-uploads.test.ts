import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { cancelMachineAction } from "../../../../src/service/actions/cancel-machine-action.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { recordEnded } from "../../../../src/service/agents/machine-reports.ts";
import { nextForConnection } from "../../../../src/service/agents/next-order.ts";
import {
  actionForTransfer,
  completeResult,
  receiveResultPart,
  resultIdOf,
} from "../../../../src/service/results/receive-result.ts";
import { PLAYBOOK, testServices } from "../../../support/test-services.ts";

const uploadId = "a".repeat(32);
const content = Buffer.from("collected");
const sha256 = createHash("sha256").update(content).digest("hex");

/** An action of one GetFile with an uploaded result. It was cancelled before its end came. */
async function openUploaded() {
  const services = await testServices({}, {});
  const { context } = services;
  const machine = await services.addMachine();
  const connection = { machineId: machine.id, connectionEpoch: machine.connectionEpoch };
  const Commands = [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }];
  const started = await runLiveResponse(context, PLAYBOOK, machine.id, { Commands, Comment: "c" });
  assert.ok(started.ok);
  const { id: actionId } = started.value;
  const next = await nextForConnection(context, connection);
  assert.ok(next.type === "order");
  const { orderSeq } = next.order;
  const action = await actionForTransfer(context, connection, actionId);
  assert.ok(action.ok);
  const size = { sizeBytes: content.length, sha256 };
  async function* body() {
    yield content;
  }
  const part = { index: 0, uploadId, part: 0, ...size, body: body() };
  assert.ok((await receiveResultPart(context, action.value, part)).ok);
  assert.ok((await completeResult(context, action.value, 0, uploadId, { partCount: 1, ...size })).ok);
  assert.ok((await cancelMachineAction(context, PLAYBOOK, actionId, "c")).ok);
  return {
    services,
    resultId: resultIdOf(machine.id, actionId, 0, uploadId),
    async ended() {
      const report = { type: "ended" as const, actionId, orderSeq, index: 0, errors: [] };
      const result = { kind: "uploaded" as const, uploadId, ...size };
      const recorded = await recordEnded(context, connection, { ...report, outcome: "completed", result });
      assert.ok(recorded.kind === "recorded", recorded.kind);
      return recorded.action.commands[0];
    },
    [Symbol.asyncDispose]: () => services[Symbol.asyncDispose](),
  };
}

test("the late end of a cancelled command names its upload", async () => {
  await using at = await openUploaded();
  const command = await at.ended();
  assert.deepEqual([command?.status, command?.result?.kind], ["Completed", "blob"]);
});

test("an upload whose bytes are gone, but whose row a restored backup brought back, is not shown as a result", async () => {
  await using at = await openUploaded();
  await at.services.context.blobs.deleteResult(at.resultId);
  const command = await at.ended();
  assert.deepEqual(
    [command?.status, command?.result, command?.errors],
    ["Failed", null, ["The server does not have the result that the device uploaded."]],
  );
});
