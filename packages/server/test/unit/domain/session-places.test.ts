import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mayTakePlace, placeForNew, placeWhenAway } from "../../../src/domain/actions/session-places.ts";

test("the oldest waiting sessions get the places that are left, and no more than those", () => {
  fc.assert(
    fc.property(fc.nat({ max: 30 }), fc.nat({ max: 30 }), fc.nat({ max: 40 }), (places, taken, waitingCount) => {
      const waiting = Array.from({ length: waitingCount }, (_, i) => `action-${i}`);
      const started = waiting.filter((id) => mayTakePlace(id, waiting, taken, places));
      assert.deepEqual(started, waiting.slice(0, Math.max(0, places - taken)));
    }),
  );
});

test("a new session is refused when every place is taken, unless its machine is away", () => {
  assert.equal(placeForNew(true, 25, 25), "noPlace");
  assert.deepEqual(placeForNew(true, 24, 25), { held: true, untilMs: null });
  assert.deepEqual(placeForNew(false, 25, 25), { held: false });
});

test("a machine that goes away gives its place back: at once before a start, after a grace when something runs", () => {
  assert.deepEqual(placeWhenAway({ held: true, untilMs: null }, false, 1_000, 300), { held: false });
  assert.deepEqual(placeWhenAway({ held: true, untilMs: null }, true, 1_000, 300), { held: true, untilMs: 1_300 });
  assert.deepEqual(placeWhenAway({ held: false }, true, 1_000, 300), { held: false });
});
