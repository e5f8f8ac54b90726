import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { ResultContent } from "../../../../src/blobs/blob-store.ts";
import { applyRetention } from "../../../../src/service/actions/apply-retention.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { recordEnded, recordStarted } from "../../../../src/service/agents/machine-reports.ts";
import { nextForConnection } from "../../../../src/service/agents/next-order.ts";
import { storeCounter } from "../../../../src/service/identity/count-request.ts";
import { createDownloadUrl } from "../../../../src/service/results/create-download-url.ts";
import {
  actionForTransfer,
  completeResult,
  receiveResultPart,
} from "../../../../src/service/results/receive-result.ts";
import { PLAYBOOK, type TestServices, testServices } from "../../../support/test-services.ts";

const DAY_MS = 24 * 3_600_000;

const STAMP = { sizeBytes: 900, modifiedAt: null };
const CHANGE = { kinds: ["rewritten" as const], collectedBytes: 900, before: STAMP, after: STAMP };

describe("retention: results 30 days, actions 180 days", () => {
  let services: TestServices;
  let actionId: string;
  let stored: ResultContent;
  before(async () => {
    services = await testServices();
    const { context } = services;
    const machine = await services.addMachine();
    const link = { machineId: machine.id, connectionEpoch: machine.connectionEpoch };
    const request = {
      Commands: [
        { type: "RunScript" as const, params: [{ key: "ScriptName", value: "a.sh" }] },
        { type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] },
      ],
      Comment: "c",
    };
    const started = await runLiveResponse(context, PLAYBOOK, machine.id, request);
    assert.ok(started.ok);
    actionId = started.value.id;
    const next = await nextForConnection(context, link);
    assert.ok(next.type === "order");
    const { orderSeq } = next.order;
    const report = { actionId, orderSeq, outcome: "completed" as const, errors: [] };
    await recordStarted(context, link, { type: "started", actionId, orderSeq, index: 0, startId: "5".repeat(32) });
    const transcript = '{"script_name":"a.sh","exit_code":0,"script_output":"","script_errors":""}';
    await recordEnded(context, link, { type: "ended", ...report, index: 0, result: { kind: "inline", transcript } });
    const content = randomBytes(1_000);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const uploadId = "d".repeat(32);
    const action = await actionForTransfer(context, link, actionId);
    assert.ok(action.ok);
    const part = { index: 1, uploadId, part: 0, sizeBytes: 1_000, sha256 };
    await receiveResultPart(context, action.value, { ...part, body: chunks(content) });
    await completeResult(context, action.value, 1, uploadId, { partCount: 1, sizeBytes: 1_000, sha256 });
    const result = { kind: "uploaded" as const, uploadId, sizeBytes: 1_000, sha256, fileChange: CHANGE };
    const ended = await recordEnded(context, link, { type: "ended", ...report, index: 1, result });
    assert.ok(ended.kind === "recorded" && ended.action.status === "Succeeded");
    const kept = ended.action.commands[1]?.result;
    assert.ok(kept?.kind === "blob");
    stored = kept;
  });
  after(() => services[Symbol.asyncDispose]());

  const action = () => services.context.store.read((tx) => tx.actions.byId(actionId));

  test("until then nothing is touched", async () => {
    services.time.nowMs += 30 * DAY_MS - 1;
    await applyRetention(services.context);
    assert.equal((await createDownloadUrl(services.context, PLAYBOOK, actionId, 1)).ok, true);
    assert.ok(await services.context.blobs.statResult(stored));
  });

  test("then the bytes are gone, their SHA-256 stays in the response, and the link gives the reason", async () => {
    services.time.nowMs += 2;
    await applyRetention(services.context);
    assert.equal(await services.context.blobs.statResult(stored), null);
    assert.equal(await services.context.store.read((tx) => tx.results.inline(actionId, 0)), undefined);
    for (const index of [0, 1]) {
      const link = await createDownloadUrl(services.context, PLAYBOOK, actionId, index);
      assert.ok(!link.ok && link.error.code === "ResultNotFound");
    }
    const kept = await action();
    assert.equal(kept?.status, "Succeeded");
    const expired = kept?.commands[1]?.result;
    assert.match(expired?.sha256 ?? "", /^[0-9a-f]{64}$/);
    assert.deepEqual(expired?.kind === "expired" && expired.fileChange, CHANGE);
  });

  test("after 180 days the action is gone and its audit records stay", async () => {
    services.time.nowMs += 150 * DAY_MS;
    await applyRetention(services.context);
    assert.equal(await action(), undefined);
    const filter = { machineId: null, actionId, actorId: null, operations: null, beforeSeq: null, limit: 10 };
    const { records } = await services.context.store.read((tx) => tx.audit.list(filter, { kind: "all" }));
    assert.ok(records.length >= 2);
  });
});

test("a window of requests that has run out is forgotten, and one that still counts is not", async () => {
  await using services = await testServices();
  const { context, time } = services;
  const counter = storeCounter(context.store, () => time.nowMs);
  const rules = [{ limit: 1, windowMs: 60_000 }];
  const rows = async (key: string) => (await context.store.read((tx) => tx.requestWindows.byKey(key))).version;
  await counter.count("early", rules);
  time.nowMs += 120_001;
  await counter.count("late", rules);
  await applyRetention(context);
  assert.deepEqual([await rows("early"), await rows("late")], [0, 1]);
  assert.equal(await counter.count("late", rules), 60_000);
});

async function* chunks(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
