import assert from "node:assert/strict";
import { test } from "node:test";
import { FINAL_STATUSES } from "@halligan/protocol/api";
import fc from "fast-check";
import { applyEvent } from "../../../src/domain/actions/apply-event.ts";
import {
  type EventRefusal,
  HRESULT,
  type MachineAction,
  type MachineActionEvent,
  type Transition,
} from "../../../src/domain/actions/machine-action.ts";
import { START_ID, sampleAction, sampleCommand, sampleOrder } from "./sample-action.ts";

const isRefused = (transition: Transition): transition is EventRefusal =>
  transition.kind === "illegal" || transition.kind === "anotherStart";

function must(action: MachineAction, event: MachineActionEvent, nowMs = 2_000): MachineAction {
  const transition = applyEvent(action, event, nowMs);
  if (isRefused(transition)) throw new Error(transition.detail);
  return transition.action;
}

const running = sampleAction({ order: sampleOrder() });
const completed = (index: number): MachineActionEvent => ({
  type: "ended",
  index,
  outcome: "completed",
  errors: [],
  result: { kind: "inline", sizeBytes: 2, sha256: "c".repeat(64) },
});
const failed = (index: number): MachineActionEvent => ({
  type: "ended",
  index,
  outcome: "failed",
  errors: ["no such file"],
  result: null,
});

test("an action goes from Pending over InProgress to Succeeded when every command completed", () => {
  let action = must(running, { type: "started", index: 0, startId: START_ID });
  assert.equal(action.status, "InProgress");
  assert.equal(action.deadlineMs, null);
  action = must(action, completed(0));
  assert.equal(action.status, "InProgress");
  action = must(must(action, { type: "started", index: 1, startId: START_ID }), completed(1), 5_000);
  assert.equal(action.status, "Succeeded");
  assert.equal(action.order?.state, "closed");
  assert.equal(action.updatedAtMs, 5_000);
  assert.equal(action.errorHResult, HRESULT.none);
});

test("a start with another id than the recorded one is distinguished, also when the action is final", () => {
  const first = must(running, { type: "started", index: 0, startId: START_ID });
  const another = { type: "started", index: 0, startId: "f".repeat(32) } as const;
  const cancelled = must(first, { type: "cancelled", requestor: "r", comment: "c" });
  for (const action of [first, cancelled, must(first, completed(0))]) {
    const transition = applyEvent(action, another, 3_000);
    assert.equal(transition.kind, "anotherStart");
    assert.equal(must(action, { type: "started", index: 0, startId: START_ID }), action);
  }
});

test("a failing command ends the action as Failed and leaves the later ones Created", () => {
  const action = must(must(running, { type: "started", index: 0, startId: START_ID }), failed(0));
  assert.equal(action.status, "Failed");
  assert.equal(action.errorHResult, -2147467259);
  assert.deepEqual(
    action.commands.map(({ status }) => status),
    ["Failed", "Created"],
  );
  assert.deepEqual(action.commands[0]?.errors, ["no such file"]);
});

test("a late end after a cancel is recorded on its command and leaves the status", () => {
  const cancelled = must(must(running, { type: "started", index: 0, startId: START_ID }), {
    type: "cancelled",
    requestor: "analyst",
    comment: "wrong machine",
  });
  assert.equal(cancelled.status, "Cancelled");
  assert.equal(cancelled.order?.state, "out", "the order stays out until the device says that nothing runs");
  const late = must(cancelled, completed(0));
  assert.equal(late.status, "Cancelled");
  assert.equal(late.commands[0]?.status, "Completed");
  const closed = must(late, { type: "orderClosed", errors: ["process 12 could not be killed"] });
  assert.equal(closed.order?.state, "closed");
  assert.deepEqual(closed.commands[0]?.errors, ["process 12 could not be killed"]);
});

test("an end that arrives without its start is recorded without a start time", () => {
  const action = must(running, completed(0));
  assert.equal(action.commands[0]?.startedAtMs, null);
  assert.equal(action.commands[0]?.status, "Completed");
});

test("reports that no honest device sends are refused", () => {
  for (const event of [completed(1), completed(9), { ...failed(0), errors: [] }] as MachineActionEvent[]) {
    assert.equal(applyEvent(running, event, 2_000).kind, "illegal", JSON.stringify(event));
  }
});

test("an unfinished action that its device has ended, at the word of a server before its restore, fails and says so", () => {
  const action = must(running, { type: "orderClosed", errors: [] });
  assert.deepEqual([action.status, action.order?.state], ["Failed", "closed"]);
  assert.match(action.commands[0]?.errors.join() ?? "", /restored from a backup/);
});

test("an action whose device lost its journal fails on the command whose turn it was, saying why", () => {
  const action = must(must(running, { type: "started", index: 0, startId: START_ID }), {
    type: "lost",
    reason: "wiped",
  });
  assert.equal(action.status, "Failed");
  assert.deepEqual(action.commands[0]?.errors, ["wiped"]);
  assert.equal(action.commands[1]?.status, "Created");
  assert.equal(action.order?.state, "closed");
});

const index = fc.integer({ min: -1, max: 3 });
const anyEvent: fc.Arbitrary<MachineActionEvent> = fc.oneof(
  fc.record({
    type: fc.constant("started" as const),
    index,
    startId: fc.constantFrom(START_ID, "f".repeat(32)),
  }),
  index.map(completed),
  index.map(failed),
  fc.constant({ type: "cancelled" as const, requestor: "r", comment: "c" }),
  fc.constant({ type: "expired" as const }),
  fc.constant({ type: "lost" as const, reason: "wiped" }),
  fc.constant({ type: "orderClosed" as const, errors: [] }),
);
const anyAction = fc
  .array(fc.constantFrom("PutFile" as const, "RunScript" as const, "GetFile" as const), { minLength: 1, maxLength: 3 })
  .map((types) => sampleAction({ order: sampleOrder(), commands: types.map((type) => sampleCommand({ type })) }));

test("whatever arrives in whatever order: a final status is never left, ended commands never change, order is kept", () => {
  fc.assert(
    fc.property(anyAction, fc.array(anyEvent, { maxLength: 40 }), (first, events) => {
      let action = first;
      for (const [step, event] of events.entries()) {
        const transition = applyEvent(action, event, 2_000 + step);
        if (isRefused(transition)) continue;
        const next = transition.action;
        if (FINAL_STATUSES.has(action.status)) assert.equal(next.status, action.status);
        for (const [i, command] of action.commands.entries()) {
          const after = next.commands[i];
          assert.ok(after);
          if (command.status === "Completed" || command.status === "Failed") assert.equal(after.status, command.status);
          const begun = after.status !== "Created" || after.startedAtMs !== null;
          const earlier = next.commands.slice(0, i);
          if (begun && event.type !== "lost") {
            assert.ok(
              earlier.every(({ status }) => status === "Completed"),
              "a command began before the one before it had completed",
            );
          }
        }
        if (next.status === "Succeeded") assert.ok(next.commands.every(({ status }) => status === "Completed"));
        if (transition.kind === "unchanged") assert.deepEqual(next, action);
        assert.ok(next.updatedAtMs >= action.updatedAtMs);
        action = next;
      }
    }),
  );
});

test("every event handled twice in a row equals handling it once", () => {
  fc.assert(
    fc.property(anyAction, fc.array(anyEvent, { maxLength: 12 }), (first, events) => {
      let once = first;
      for (const event of events) {
        const transition = applyEvent(once, event, 2_000);
        if (isRefused(transition)) continue;
        const twice = applyEvent(transition.action, event, 2_000);
        if (!isRefused(twice)) assert.deepEqual(twice.action, transition.action);
        once = transition.action;
      }
    }),
  );
});

test("what a device did of an action that was given up as lost is no reason to refuse the device", () => {
  const running = sampleAction({ status: "InProgress", order: sampleOrder() });
  const lost = applyEvent(running, { type: "lost", reason: "another journal" }, 2_000);
  assert.ok(!isRefused(lost));
  for (const event of [
    { type: "started", index: 1, startId: START_ID },
    { type: "ended", index: 1, outcome: "completed", errors: [], result: null },
  ] as const) {
    assert.deepEqual(applyEvent(lost.action, event, 3_000), { kind: "unchanged", action: lost.action });
    assert.equal(applyEvent(running, event, 3_000).kind, "illegal");
  }
});
