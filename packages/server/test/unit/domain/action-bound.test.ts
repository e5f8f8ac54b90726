import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type ActionBound,
  type BoundedAction,
  type BoundLimits,
  boundEndsMs,
  newBound,
  pauseBound,
  resumeBound,
} from "../../../src/domain/actions/action-bound.ts";
import { NO_OPTIONS } from "../../../src/domain/actions/options/action-options.ts";

const LIMITS: BoundLimits = {
  actionGraceMs: 5,
  orderAcceptanceMs: 2,
  lostMachineTimeoutMs: 1_000,
  sessionPlaceGraceMs: 20,
  order: { scriptTimeoutMs: 100, transferTimeoutMs: 30 },
};
const ACTION: BoundedAction = {
  commands: [{ type: "PutFile" }, { type: "RunScript" }, { type: "GetFile" }],
  options: NO_OPTIONS,
};
/**
 * 30, 30 + 100 + 30 and 30 of the commands, 2 to accept the order, 20 of an absence, 5 of grace.
 */
const LENGTH_MS = 247;

test("the bound is what the commands may take by their limits, and a grace", () => {
  const bound = newBound(ACTION, LIMITS, 10_000 + 400, 10_000);
  assert.deepEqual(bound, {
    untilMs: 10_000 + LENGTH_MS,
    latestMs: 10_000 + LENGTH_MS + 400 + 1_000,
    pausedAtMs: null,
  });
  assert.equal(boundEndsMs(bound), 10_247);
});

test("a pause is added and nothing else is", () => {
  const bound = newBound(ACTION, LIMITS, null, 0);
  const paused = pauseBound(bound, 50);
  assert.ok(paused);
  assert.equal(boundEndsMs(paused), paused.latestMs);
  assert.equal(resumeBound(paused, 80).untilMs, LENGTH_MS + 30);
  assert.equal(resumeBound(paused, 40).untilMs, LENGTH_MS, "back within the grace, or the clock was set back");
  assert.deepEqual(pauseBound(paused, 70), paused, "a pause that has begun goes on");
});

test("whatever a device does, it holds a slot for the bound's length at most, and the bound never passes later than `latestMs`", () => {
  const steps = fc.array(
    fc.record({
      heldMs: fc.nat(60),
      /** The connection was lost: the slot is kept for `graceMs`, then released. */
      graceMs: fc.constantFrom(0, 20),
      awayMs: fc.nat(100),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const first = newBound(ACTION, LIMITS, null, 0);
      let bound: ActionBound = first;
      let nowMs = 0;
      let heldMs = 0;
      for (const step of all) {
        const beforeMs = boundEndsMs(bound);
        nowMs += step.heldMs;
        if (nowMs >= beforeMs) return;
        heldMs += step.heldMs;
        assert.ok(heldMs <= LENGTH_MS, `held for ${heldMs}`);
        bound = pauseBound(bound, nowMs + step.graceMs) ?? bound;
        nowMs += step.awayMs;
        if (nowMs >= boundEndsMs(bound)) return;
        heldMs += Math.min(step.graceMs, step.awayMs);
        bound = resumeBound(bound, nowMs);
        assert.ok(boundEndsMs(bound) <= first.latestMs);
      }
    }),
  );
});

test("a bound that has passed stays passed, however often the device reconnects", () => {
  let bound = newBound(ACTION, LIMITS, null, 0);
  const endsMs = boundEndsMs(bound);
  for (let nowMs = endsMs; nowMs < endsMs + 200; nowMs += 10) {
    bound = pauseBound(bound, nowMs + 5) ?? bound;
    assert.equal(boundEndsMs(bound), endsMs);
    bound = resumeBound(bound, nowMs + 8);
    assert.equal(boundEndsMs(bound), endsMs);
  }
});
