import assert from "node:assert/strict";
import { test } from "node:test";
import { MESSAGES_PER_SECOND, MessageRate } from "../../../src/bus/message-rate.ts";

/**
 * How many of `messages`, one every `everyMs`, pass before the limit is exceeded; null when all
 * pass.
 */
function passed(messages: number, everyMs: number, burstEvery = 1): number | null {
  let nowMs = 0;
  const rate = new MessageRate(MESSAGES_PER_SECOND, () => nowMs);
  for (let n = 0; n < messages; n += 1) {
    if (rate.exceeds()) return n;
    if ((n + 1) % burstEvery === 0) nowMs += everyMs * burstEvery;
  }
  return null;
}

test("a flood is noticed after half of a second's messages", () => {
  assert.equal(passed(100_000, 0.002), MESSAGES_PER_SECOND / 2);
});

test("a steady rate above the limit is noticed within its second", () => {
  assert.equal(passed(100_000, 0.15), MESSAGES_PER_SECOND);
});

test("2,000 messages a second pass for as long as they come, also to a node that hears them once a second", () => {
  assert.equal(passed(60_000, 0.5), null);
  assert.equal(passed(60_000, 0.5, 2_000), null);
});
