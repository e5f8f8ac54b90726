import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseChunk } from "../../src/transfer/release-chunk.ts";

test("a chunk that is the whole of its buffer gives its memory back", () => {
  const chunk = new Uint8Array(1000);
  releaseChunk(chunk);
  assert.deepEqual([chunk.length, chunk.buffer.detached], [0, true]);
});

test("a chunk that is a part of a buffer leaves its neighbours as they are", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  releaseChunk(bytes.subarray(0, 2));
  releaseChunk(bytes.subarray(2));
  assert.deepEqual([...bytes], [1, 2, 3, 4]);
});
