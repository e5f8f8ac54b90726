import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mayAcquireSlot, slotForNewSession, slotWhenDisconnected } from "../../../src/domain/actions/session-slots.ts";

test("the oldest waiting sessions get the slots that are left, and no more than those", () => {
  fc.assert(
    fc.property(fc.nat({ max: 30 }), fc.nat({ max: 30 }), fc.nat({ max: 40 }), (slots, taken, waitingCount) => {
      const waiting = Array.from({ length: waitingCount }, (_, i) => `action-${i}`);
      const started = waiting.filter((id) => mayAcquireSlot(id, waiting, taken, slots));
      assert.deepEqual(started, waiting.slice(0, Math.max(0, slots - taken)));
    }),
  );
});

test("a new session is refused when every slot is taken, unless its machine is away", () => {
  assert.equal(slotForNewSession(true, 25, 25), "noSlot");
  assert.deepEqual(slotForNewSession(true, 24, 25), { held: true, untilMs: null });
  assert.deepEqual(slotForNewSession(false, 25, 25), { held: false });
});

test("a machine that goes away gives its slot back: at once before a start, after a grace when something runs", () => {
  assert.deepEqual(slotWhenDisconnected({ held: true, untilMs: null }, false, 1_000, 300), { held: false });
  assert.deepEqual(slotWhenDisconnected({ held: true, untilMs: null }, true, 1_000, 300), {
    held: true,
    untilMs: 1_300,
  });
  assert.deepEqual(slotWhenDisconnected({ held: false }, true, 1_000, 300), { held: false });
});
