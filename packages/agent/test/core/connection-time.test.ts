import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionTime } from "../../src/core/connection/connection-time.ts";
import { isFresh } from "../../src/core/freshness.ts";
import { LIMITS } from "../../src/limits.ts";

function clockAt(nowMs: number) {
  const clock = { nowMs, monotonicMs: () => clock.nowMs, after: () => assert.fail("it waits for nothing") };
  return clock;
}

test("a frame is as old as it can be: a welcome that was held back makes it older, not younger", () => {
  const clock = clockAt(5_000);
  const time = new ConnectionTime(clock, 5_000);
  // The welcome came at 9_000. The server may have sent it at 5_000, so a frame of 100 ms later was
  // sent at 5_100 or after.
  clock.nowMs = 9_000;
  assert.equal(time.sentAtMs(100), 5_100);
});

test("each answered ping updates the server's time, and the newest one counts", () => {
  const clock = clockAt(0);
  const time = new ConnectionTime(clock, 0);
  clock.nowMs = 10_000;
  time.pinged();
  clock.nowMs = 20_000;
  time.pinged();
  // The handshake had taken 4 s, so the server is at 6_000 when the first ping comes.
  time.ponged(6_050);
  assert.equal(time.sentAtMs(6_050), 10_000);
  time.ponged(16_050);
  assert.equal(time.sentAtMs(16_150), 20_100);
  // An answer to a ping that was never sent says nothing.
  time.ponged(1);
  assert.equal(time.sentAtMs(16_150), 20_100);
});

test("what is older than the bound is not fresh; a large frame gets the time that a slow link needs", () => {
  const nowMs = 100_000;
  const at = (ageMs: number, sizeBytes = 0) => isFresh({ sentAtMs: nowMs - ageMs, sizeBytes }, nowMs);
  assert.deepEqual([at(LIMITS.maxGrantAgeMs), at(LIMITS.maxGrantAgeMs + 1)], [true, false]);
  const sizeBytes = 80_000;
  const extraMs = sizeBytes / LIMITS.slowestConnectionBytesPerMs;
  assert.deepEqual(
    [at(LIMITS.maxGrantAgeMs + extraMs, sizeBytes), at(LIMITS.maxGrantAgeMs + extraMs + 1, sizeBytes)],
    [true, false],
  );
});
