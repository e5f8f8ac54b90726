import assert from "node:assert/strict";
import { test } from "node:test";
import { UploadBounds } from "../../../../src/service/upload-bounds.ts";

const WANTED = { machineId: "m", actionId: "a", index: 0, neededBytes: 200, sizeBytes: 100 };
const FULL = { code: "InsufficientStorage" } as const;

function bounds() {
  const time = { nowMs: 0 };
  return { time, uploads: new UploadBounds(() => time.nowMs) };
}

test("a refusal for lack of space is remembered for a second, for as much or more of the same command", () => {
  const { time, uploads } = bounds();
  assert.equal(uploads.remembered(WANTED), null);
  uploads.remember(WANTED, FULL);
  assert.equal(uploads.remembered(WANTED), FULL);
  assert.equal(uploads.remembered({ ...WANTED, neededBytes: 300 }), FULL);
  for (const other of [{ neededBytes: 199 }, { sizeBytes: 99 }, { index: 1 }, { actionId: "b" }, { machineId: "n" }]) {
    assert.equal(uploads.remembered({ ...WANTED, ...other }), null, JSON.stringify(other));
  }
  time.nowMs = 1_000;
  assert.equal(uploads.remembered(WANTED), null);
});

test("a device that is refused as often as an agent tries never waits; one that goes on at full speed does", () => {
  const { time, uploads } = bounds();
  for (let n = 0; n < 10_000; n += 1) {
    assert.equal(uploads.waitMs("agent"), null);
    uploads.countRefusal("agent");
    time.nowMs += 250;
  }
  let passed = 0;
  for (let n = 0; n < 10_000 && uploads.waitMs("flood") === null; n += 1) {
    uploads.countRefusal("flood");
    passed += 1;
  }
  assert.equal(passed, 60);
  assert.equal(uploads.waitMs("another"), null);
});

test("a device has two parts at work at once on one link", () => {
  const { uploads } = bounds();
  const link = { machineId: "m", connectionEpoch: 1 };
  const first = uploads.acquireSlot(link);
  {
    using second = uploads.acquireSlot(link);
    assert.ok(second);
    assert.equal(uploads.acquireSlot(link), null);
    using ofNewLink = uploads.acquireSlot({ ...link, connectionEpoch: 2 });
    assert.ok(ofNewLink);
  }
  using third = uploads.acquireSlot(link);
  assert.ok(first && third);
});
