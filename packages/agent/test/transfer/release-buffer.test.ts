import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseChunk, releaseOwnBuffer } from "../../src/transfer/release-buffer.ts";

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

test("bytes in a large buffer of their own give all of it back, and the pool of small ones is left alone", () => {
  const large = Buffer.allocUnsafe(Buffer.poolSize * 4).subarray(0, 10);
  releaseOwnBuffer(large);
  assert.equal(large.buffer.byteLength, 0);
  const small = Buffer.from("small");
  const neighbour = Buffer.from("neighbour");
  releaseOwnBuffer(small);
  assert.deepEqual([small.toString(), neighbour.toString()], ["small", "neighbour"]);
});
