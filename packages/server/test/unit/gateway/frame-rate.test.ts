import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_FRAME_BYTES } from "@halligan/protocol/link";
import { FrameRate } from "../../../src/gateway/frame-rate.ts";
import { DEFAULT_FRAMES_PER_SECOND } from "../../../src/gateway/ws-gateway.ts";
import { HandClock } from "../service/service-fixture.ts";

test("a frame of the largest size is the share of a whole second, and small ones are not", () => {
  const clock = new HandClock();
  const reading = {
    isPaused: false,
    pause() {
      this.isPaused = true;
    },
    resume() {
      this.isPaused = false;
    },
  };
  const rate = new FrameRate(clock, DEFAULT_FRAMES_PER_SECOND);
  for (let frame = 0; frame < 100; frame += 1) rate.count(1_000, reading);
  assert.equal(reading.isPaused, false);
  clock.pass(1_000);
  rate.count(MAX_FRAME_BYTES, reading);
  assert.equal(reading.isPaused, true);
  clock.pass(1_000);
  assert.equal(reading.isPaused, false);
});
