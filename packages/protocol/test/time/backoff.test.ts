import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "@halligan/protocol/time";
import fc from "fast-check";

test("the wait is never above the cap, and its bound doubles until there", () => {
  const bounds = { baseMs: 500, capMs: 30_000 };
  assert.equal(backoffMs(0, bounds, 0), 0);
  assert.equal(backoffMs(2, bounds, 0.5), 1_000);
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, fraction) => {
      const ms = backoffMs(attempt, bounds, fraction);
      assert.ok(ms >= 0 && ms <= Math.min(30_000, 500 * 2 ** attempt));
    }),
  );
});
