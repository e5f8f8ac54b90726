import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_AGENT_FRAME_BYTES } from "@halligan/protocol/link";
import { FrameRate, HANDLING_UNITS } from "../../../src/gateway/frames/frame-rate.ts";
import { DEFAULT_FRAMES_PER_SECOND } from "../../../src/gateway/ws-gateway.ts";
import { HandClock } from "../service/service-fixture.ts";

function paced() {
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
  return { clock, reading, rate: new FrameRate(clock, DEFAULT_FRAMES_PER_SECOND) };
}

test("frames of the largest size take the share of a second after a few, and small ones do not", () => {
  const { clock, reading, rate } = paced();
  for (let frame = 0; frame < 100; frame += 1) rate.count(1_000, 0, reading);
  assert.equal(reading.isPaused, false);
  clock.pass(1_000);
  for (let frame = 0; frame < 4; frame += 1) rate.count(MAX_AGENT_FRAME_BYTES, 0, reading);
  assert.equal(reading.isPaused, true);
  clock.pass(1_000);
  assert.equal(reading.isPaused, false);
});

test("reports take more of a second than pings, and signed ends take most", () => {
  const framesOf = (units: number): number => {
    const { reading, rate } = paced();
    let frames = 0;
    for (; !reading.isPaused; frames += 1) rate.count(300, units, reading);
    return frames;
  };
  const [pings, starts, ends] = [HANDLING_UNITS.ping, HANDLING_UNITS.started, HANDLING_UNITS.ended].map(framesOf);
  assert.deepEqual([pings, starts, ends], [1_000, 200, 77]);
});

test("what one read had beyond the rate is taken from the seconds after it", () => {
  const { clock, reading, rate } = paced();
  for (let frame = 0; frame < 2_500; frame += 1) rate.count(15, 0, reading);
  const paused: boolean[] = [];
  for (let second = 0; second < 3; second += 1) {
    clock.pass(1_000);
    paused.push(reading.isPaused);
  }
  assert.deepEqual(paused, [true, false, false]);
});
