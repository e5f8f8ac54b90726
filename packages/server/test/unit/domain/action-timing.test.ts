import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyEvent } from "../../../src/domain/actions/apply-event.ts";
import { type MachineAction, type MachineActionEvent, withSent } from "../../../src/domain/actions/machine-action.ts";
import { actionTiming } from "../../../src/domain/actions/progress/action-timing.ts";
import { START_ID, sampleAction, sampleCommand, sampleOrder } from "./sample-action.ts";

const INLINE = { kind: "inline", sizeBytes: 2, sha256: "a".repeat(64) } as const;

function after(action: MachineAction, event: MachineActionEvent, nowMs: number): MachineAction {
  const transition = applyEvent(action, event, nowMs);
  assert.ok(transition.kind === "changed", JSON.stringify(transition));
  return transition.action;
}
const told = (action: MachineAction) =>
  actionTiming(action).map((step) => [step.step, step.index ?? "-", step.atMs].join(" "));
const started = (index: number, sentAtMs: number | null = null): MachineActionEvent => ({
  type: "started",
  index,
  startId: START_ID,
  sentAtMs,
});
const ended = (index: number, endedAgoMs?: number): MachineActionEvent => ({
  type: "ended",
  index,
  outcome: "completed",
  errors: [],
  result: INLINE,
  endedAgoMs,
});

test("of a whole run every step has its moment, the device's own end apart from the one that is recorded", () => {
  let action = sampleAction({ order: sampleOrder({ claimedAtMs: 1_500 }) });
  action = after(action, started(0, 1_510), 1_600);
  action = after(action, ended(0, 300), 2_000);
  action = after(action, started(1, 1_999), 2_100);
  action = after(action, ended(1, 0), 2_500);
  // Later records do not change its end.
  action = { ...action, updatedAtMs: 9_000 };
  assert.deepEqual(told(action), [
    "accepted - 1000",
    "claimed - 1500",
    "sent - 1510",
    "started 0 1600",
    "ended 0 1700",
    "uploaded 0 2000",
    "started 1 2100",
    "ended 1 2500",
    "uploaded 1 2500",
    "final - 2500",
  ]);
});

test("unknown times are left out: an end that the device could not date, a row of the first release", () => {
  const order = sampleOrder();
  const undated = after(after(sampleAction({ order }), started(0), 1_600), ended(0), 2_000);
  assert.deepEqual(told(undated), ["accepted - 1000", "claimed - 1500", "started 0 1600", "uploaded 0 2000"]);
  const old = sampleAction({
    status: "Succeeded",
    commands: [sampleCommand({ startedAtMs: 1_600, endedAtMs: 1_700 })],
  });
  assert.deepEqual(told(old), ["accepted - 1000", "started 0 1600"]);
});

test("an end is never put before its start, however long ago the device says it was", () => {
  const running = after(sampleAction({ order: sampleOrder() }), started(0), 1_600);
  const steps = told(after(running, ended(0, Number.MAX_SAFE_INTEGER), 2_000));
  assert.deepEqual(steps.slice(2), ["started 0 1600", "ended 0 1600", "uploaded 0 2000"]);
  const setBack = after(running, ended(0, 5), 1_200);
  assert.equal(setBack.commands[0]?.finishedAtMs, 1_200);
});

test("a late end of a cancelled command is recorded, and the cancel stays the last step", () => {
  const running = after(sampleAction({ order: sampleOrder() }), started(0), 1_600);
  const cancelled = after(running, { type: "cancelled", requestor: "r", comment: "c" }, 1_800);
  const late = after(cancelled, ended(0, 10), 2_400);
  assert.equal(late.commands[0]?.endedAtMs, 2_400);
  assert.deepEqual(told(late).slice(2), ["started 0 1600", "final - 1800"]);
});

test("the first moment of sending stays", () => {
  const sent = withSent(sampleAction({ order: sampleOrder() }), 1_510);
  assert.equal(after(sent, started(0, 1_900), 2_000).order?.sentAtMs, 1_510);
  assert.equal(withSent(sampleAction(), 1).order, null);
});

const moment = fc.integer({ min: 0, max: 5_000 });
const unknown = fc.option(moment);
const anyAction = fc
  .record({
    createdAtMs: moment,
    finalAtMs: unknown,
    order: fc.option(fc.record({ claimedAtMs: moment, sentAtMs: unknown }).map(sampleOrder)),
    commands: fc.array(
      fc
        .record({
          startedAtMs: unknown,
          finishedAtMs: unknown,
          endedAtMs: unknown,
          result: fc.constantFrom(null, INLINE),
        })
        .map(sampleCommand),
      { maxLength: 4 },
    ),
  })
  .map(sampleAction);

test("whatever clocks say, steps never go back, only known steps are reported, and the last of a finished action is final", () => {
  fc.assert(
    fc.property(anyAction, (action) => {
      const steps = actionTiming(action);
      const times = steps.map(({ atMs }) => atMs);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      assert.deepEqual(steps[0], { step: "accepted", index: null, atMs: action.createdAtMs });
      assert.equal(steps.at(-1)?.step === "final", action.finalAtMs !== null);
      const final = action.finalAtMs === null ? null : Math.max(action.finalAtMs, action.createdAtMs);
      if (final !== null) assert.equal(steps.at(-1)?.atMs, final);
      const known = [action.order?.claimedAtMs, action.order?.sentAtMs];
      for (const { startedAtMs, finishedAtMs, endedAtMs, result } of action.commands) {
        known.push(startedAtMs, finishedAtMs, result && endedAtMs);
      }
      const inTime = known.filter((atMs) => typeof atMs === "number" && (final === null || atMs <= final));
      const between = steps.filter(({ step }) => step !== "accepted" && step !== "final").length;
      // If the final status is before the acceptance, which no real clock produces, there are no
      // steps in between.
      if (action.finalAtMs === null || action.finalAtMs >= action.createdAtMs) assert.equal(between, inTime.length);
    }),
  );
});
