import assert from "node:assert/strict";
import { test } from "node:test";
import { systemIds } from "../../src/ids.ts";

const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("a GUID looks like a random one, begins with the time, and is made once", () => {
  let nowMs = Date.UTC(2026, 10, 22);
  const ids = systemIds(() => nowMs);
  const early = Array.from({ length: 1_000 }, () => ids.guid());
  nowMs += 1;
  const late = ids.guid();
  for (const id of [...early, late]) assert.match(id, VERSION_4);
  assert.equal(new Set(early).size, early.length);
  assert.ok(early.every((id) => id < late));
  assert.equal(Number.parseInt(late.slice(0, 13).replace("-", ""), 16), nowMs);
});

test("a clock at the beginning or far in the future makes GUIDs too", () => {
  for (const nowMs of [0, 2 ** 48 + 5, 8.64e15]) assert.match(systemIds(() => nowMs).guid(), VERSION_4);
});
