import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { openTranscript } from "../../../../src/http/api/operations/results/open-transcript.ts";

const stored = Buffer.from('{"script_output":"a\\ud800b\\ud83d\\ude00\\\\ud800\\udfff"}');
const shown = '{"script_output":"a\\ufffdb\\ud83d\\ude00\\\\ud800\\ufffd"}';

const openStored = (sizeBytes: number) => async () => ({
  sizeBytes: stored.length,
  stream: Readable.from(
    Array.from({ length: Math.ceil(stored.length / sizeBytes) }, (_, i) =>
      stored.subarray(i * sizeBytes, (i + 1) * sizeBytes),
    ),
    { objectMode: false },
  ),
});

test("lone surrogates of a stored transcript are answered as U+FFFD, in as many bytes, also in every range of it", async () => {
  for (const chunkBytes of [1, 7, 1_000]) {
    const whole = await openTranscript(openStored(chunkBytes));
    assert.equal(String(whole && (await buffer(whole.stream))), shown);
    for (let start = 0; start < stored.length; start += 5) {
      for (const end of [start, start + 3, stored.length - 1]) {
        const part = await openTranscript(openStored(chunkBytes), { start, end: Math.min(end, stored.length - 1) });
        assert.equal(String(part && (await buffer(part.stream))), shown.slice(start, end + 1));
      }
    }
  }
});

test("the stored content is closed when its reader leaves early, and content that is gone stays gone", async () => {
  const blob = await openStored(1)();
  const opened = await openTranscript(async () => blob);
  assert.ok(opened);
  for await (const _ of opened.stream) break;
  assert.ok(blob.stream.destroyed);
  assert.equal(await openTranscript(async () => null), null);
});
