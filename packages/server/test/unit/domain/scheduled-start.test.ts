import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import { NO_OPTIONS, readOptions } from "../../../src/domain/actions/options/action-options.ts";
import { type WaitingFacts, waitingReason } from "../../../src/domain/actions/progress/waiting-reason.ts";
import { released, unfinishedNow } from "../../../src/domain/actions/scheduled-start.ts";
import { nextConnectionStep } from "../../../src/domain/agents/connection-work.ts";
import { sampleAction } from "./sample-action.ts";

const scheduled = (scheduledMs: number, id = `at ${scheduledMs}`, change: Partial<MachineAction> = {}) =>
  sampleAction({
    id,
    slot: { held: false },
    options: { ...NO_OPTIONS, notBeforeMs: scheduledMs },
    scheduledMs,
    deadlineMs: scheduledMs + 10_000,
    ...change,
  });
const plain = sampleAction({ id: "plain" });

test("a start time is at most its maximum from now, and text that is no time is refused", () => {
  const maxima = {
    scriptTimeoutMs: 1,
    outputLimitBytes: 1,
    queueTimeoutMs: 1,
    notBeforeMs: 60_000,
    runAs: "any" as const,
  };
  const nowMs = Date.UTC(2026, 0, 1);
  const read = (notBefore: string) => readOptions({ notBefore }, maxima, nowMs);
  assert.ok(read("2026-01-01T00:01:00Z").ok);
  assert.ok(read("2020-01-01T00:00Z").ok);
  for (const [text, message] of [
    [
      "2026-01-01T00:01:01Z",
      /notBefore is 2026-01-01T00:01:01Z; the maximum is 60000 ms from now, 2026-01-01T00:01:00/,
    ],
    ["2026-13-01T00:00:00Z", /a time that does not exist/],
  ] as const) {
    const refused = read(text);
    assert.ok(!refused.ok && refused.error.code === "InvalidRequestBody");
    assert.match(refused.error.detail, message);
  }
});

test("an action is claimed when its start time has come, the earliest first, and the connection learns the next time", () => {
  const open = [scheduled(9_000), scheduled(5_000)];
  assert.deepEqual(nextConnectionStep(open, 4_999), { type: "idle", scheduledMs: 5_000 });
  assert.deepEqual(nextConnectionStep(open, 5_000), { type: "claim", action: open[1] });
  assert.deepEqual(nextConnectionStep([...open, plain], 9_999), { type: "claim", action: plain });
  assert.deepEqual(nextConnectionStep([], 0), { type: "idle", scheduledMs: null });
});

test("before its start time it blocks no other action; from then on it does", () => {
  const open = [scheduled(5_000)];
  assert.equal(unfinishedNow(open, 4_999), undefined);
  assert.equal(unfinishedNow(open, 5_000)?.id, "at 5000");
  assert.equal(unfinishedNow([scheduled(5_000, "over", { status: "Cancelled" })], 5_000), undefined);
});

test("it waits for its start time, then for its device or for the action before it, since its start time", () => {
  const action = scheduled(5_000);
  const limits = { scriptTimeoutMs: 1, transferTimeoutMs: 1 };
  const machine = { linked: true, quarantined: false, hasConnected: true, lastSeenMs: 1_200 };
  const facts: WaitingFacts = { machine, previous: null, queue: null };
  const at = (nowMs: number, change: Partial<WaitingFacts> = {}, of = action) => {
    const waiting = waitingReason(of, { ...facts, ...change }, limits, nowMs);
    return waiting && [waiting.reason, waiting.sinceMs, waiting.untilMs];
  };
  const away = { machine: { ...machine, linked: false } };
  assert.deepEqual(at(4_999), ["NotBefore", 1_000, 5_000]);
  assert.deepEqual(at(4_999, away), ["NotBefore", 1_000, 5_000]);
  assert.deepEqual(at(5_000, away), ["DeviceOffline", 5_000, 15_000]);
  assert.deepEqual(at(5_000), ["Dispatching", 5_000, 15_000]);
  const busy = { previous: { id: "plain", finalAtMs: null } };
  assert.deepEqual(at(5_000, busy), ["PreviousActionEnding", 5_000, 15_000]);
  assert.deepEqual(at(6_000, {}, released(action)), ["Dispatching", 5_000, 15_000]);
});
