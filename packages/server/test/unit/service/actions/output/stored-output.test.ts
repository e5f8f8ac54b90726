import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { untilAborted } from "../../../../../src/service/actions/output/open-transcript.ts";
import { streamBytes } from "../../../../../src/service/actions/output/stored-output.ts";

/** A transcript as the agent writes it, in pieces. */
function transcript(stdout: Uint8Array, stderr: Uint8Array, note: string, pieceBytes: number) {
  const shown = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const facts = (bytes: Uint8Array) => ({
    sizeBytes: bytes.length,
    keptBytes: bytes.length,
    textBytes: bytes.length,
    ...(!isUtf8(bytes) && { base64: Buffer.from(bytes).toString("base64") }),
  });
  const text = JSON.stringify({
    script_name: 'a "script".sh',
    exit_code: 3,
    script_output: shown(stdout) + note,
    script_errors: shown(stderr) + note,
    halligan: { stdout: facts(stdout), stderr: facts(stderr) },
  });
  return async () => {
    const bytes = Buffer.from(text);
    const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, at) =>
      bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes),
    );
    return (async function* () {
      yield* pieces;
    })();
  };
}

const ofStream = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => new Uint8Array(Buffer.from(text))),
);
const note = fc.constantFrom("", "\n[halligan: output cut off after 10 bytes]\n");

test("any range of a stream is that of the script's bytes, wherever the transcript is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ stdout: ofStream, stderr: ofStream, note, piece: fc.integer({ min: 1, max: 30 }) }),
      fc.nat({ max: 50 }),
      fc.nat({ max: 50 }),
      async ({ stdout, stderr, note, piece }, from, length) => {
        for (const [stream, whole] of [
          ["stdout", stdout],
          ["stderr", stderr],
        ] as const) {
          if (whole.length === 0) continue;
          const start = Math.min(from, whole.length - 1);
          const end = Math.min(start + length, whole.length - 1);
          const counts = { bytes: whole.length, ...(!isUtf8(whole) && { isBinary: true as const }) };
          const chunks: Buffer[] = [];
          const open = transcript(stdout, stderr, note, piece);
          for await (const chunk of streamBytes(open, stream, counts, { start, end })) chunks.push(chunk);
          assert.deepEqual([...Buffer.concat(chunks)], [...whole.subarray(start, end + 1)]);
        }
      },
    ),
  );
});

test("a stream that has fewer bytes than the device counted ends early, and one with more is cut", async () => {
  const open = transcript(Buffer.from("four"), Buffer.from([0xff]), "", 7);
  const read = async (bytes: number, isBinary?: true) => {
    const chunks: Buffer[] = [];
    const counts = { bytes, ...(isBinary && { isBinary }) };
    for await (const chunk of streamBytes(open, "stdout", counts, { start: 0, end: bytes - 1 })) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  assert.deepEqual([await read(9), await read(2), await read(4, true)], ["four", "fo", ""]);
});

test("an empty stream is known without its transcript", async () => {
  const open = async () => assert.fail("the transcript was read");
  for await (const _ of streamBytes(open, "stderr", { bytes: 0 }, { start: 0, end: -1 })) assert.fail("a chunk came");
});

test("a reader that skips to a far place stops when its caller has left", async () => {
  const left = new AbortController();
  let pieces = 0;
  async function* endless() {
    yield Buffer.from('{"script_output":"');
    for (;;) {
      if (++pieces === 100) left.abort();
      yield Buffer.from("x".repeat(1_000));
    }
  }
  const open = async () => untilAborted(endless(), left.signal);
  const range = { start: 1e12, end: 1e12 + 1 };
  const chunks: Buffer[] = [];
  for await (const chunk of streamBytes(open, "stdout", { bytes: 2e12 }, range)) chunks.push(chunk);
  assert.deepEqual([pieces, chunks.length], [100, 0]);
});
