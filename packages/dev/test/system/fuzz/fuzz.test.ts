import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fuzz } from "../../../src/fuzz/fuzz.ts";

/** What fits into some seconds. More of them: `npm run fuzz -- --frames N`. */
const FRAMES = 20_000;
const skip = existsSync("/proc/self/status") ? false : "there is no /proc here to read a process's memory from";

test("20,000 hostile frames: no error, no crash, no growth, no file, and an honest machine works on", {
  skip,
}, async (t) => {
  const seed = randomUUID().slice(0, 8);
  t.diagnostic(`npm run fuzz -- --frames ${FRAMES} --seed ${seed}`);
  const { violations, ...counts } = await fuzz({ frames: FRAMES, seed }, (text) => t.diagnostic(text));
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(violations, []);
  assert.ok(counts.frames >= FRAMES && counts.honestActions > 0);
});
