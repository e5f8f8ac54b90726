import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeFrame,
  FrameReader,
  type Message,
  OPCODE,
  WebSocketProtocolError,
} from "../../src/websocket/websocket-frames.ts";

const read = (reader: FrameReader, ...chunks: Uint8Array[]): Message[] =>
  chunks.flatMap((chunk) => [...reader.push(chunk)]);

/** A frame as a server sends it: not masked. */
function serverFrame(opcode: number, payload: Uint8Array, isFinal = true): Buffer {
  const size = payload.length;
  const head = size < 126 ? Buffer.of(0, size) : size < 65_536 ? Buffer.of(0, 126, 0, 0) : Buffer.alloc(10);
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  if (size >= 65_536) head[1] = 127;
  if (size >= 65_536) head.writeBigUInt64BE(BigInt(size), 2);
  else if (size >= 126) head.writeUInt16BE(size, 2);
  return Buffer.concat([head, payload]);
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

test("messages come out as they went in, however they are cut into frames and chunks, with pings in between", () => {
  const message = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }).map((text) => ({ opcode: OPCODE.text, bytes: Buffer.from(text) })),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => ({ opcode: OPCODE.binary, bytes: Buffer.from(bytes) })),
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), sizes, sizes, (messages, frameSizes, chunkSizes) => {
      const stream = messages.flatMap(({ opcode, bytes }) => {
        const pieces = bytes.length === 0 ? [bytes] : cut(bytes, frameSizes);
        return pieces.flatMap((piece, i) => [
          serverFrame(i === 0 ? opcode : OPCODE.continuation, piece, i === pieces.length - 1),
          serverFrame(OPCODE.ping, Buffer.from("p")),
        ]);
      });
      const found = read(new FrameReader(10_000), ...cut(Buffer.concat(stream), chunkSizes));
      const expected = messages.map(({ opcode, bytes }) =>
        opcode === OPCODE.text
          ? { kind: "text", text: bytes.toString() }
          : { kind: "binary", bytes: Uint8Array.from(bytes) },
      );
      assert.deepEqual(
        found.filter(({ kind }) => kind !== "ping"),
        expected,
      );
    }),
  );
});

test("a client's frame is masked, and says its size in the shortest form", () => {
  const mask = Buffer.of(1, 2, 3, 4);
  for (const [size, headBytes] of [
    [0, 6],
    [125, 6],
    [126, 8],
    [65_535, 8],
    [65_536, 14],
  ] as const) {
    const payload = Buffer.alloc(size, 7);
    const frame = Buffer.from(encodeFrame(OPCODE.binary, payload, mask));
    assert.equal(frame.length, headBytes + size);
    assert.equal(frame[0], 0x82);
    assert.ok((frame[1] ?? 0) & 0x80);
    assert.deepEqual(frame.subarray(headBytes - 4, headBytes), mask);
    const unmasked = frame.subarray(headBytes).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    assert.ok(Buffer.from(unmasked).equals(payload));
  }
});

test("a close frame has its code and reason, or none", () => {
  const close = (payload: Buffer) => read(new FrameReader(100), serverFrame(OPCODE.close, payload))[0];
  assert.deepEqual(close(Buffer.from([0x11, 0x31, 0x6e, 0x6f])), { kind: "close", code: 4401, reason: "no" });
  assert.deepEqual(close(Buffer.alloc(0)), { kind: "close", code: 1005, reason: "" });
});

test("what breaks the protocol is a fault", () => {
  const text = Buffer.from("a");
  const cases: [string, Uint8Array[]][] = [
    ["a masked frame", [encodeFrame(OPCODE.text, text, Buffer.alloc(4))]],
    ["a reserved bit", [Buffer.of(0xc1, 0)]],
    ["an unknown frame", [Buffer.of(0x83, 0)]],
    ["an unknown control frame", [Buffer.of(0x8b, 0)]],
    ["a ping in pieces", [Buffer.of(0x09, 0)]],
    ["a ping of 126 bytes", [serverFrame(OPCODE.ping, Buffer.alloc(126))]],
    ["a continuation of nothing", [serverFrame(OPCODE.continuation, text)]],
    ["a text within a text", [serverFrame(OPCODE.text, text, false), serverFrame(OPCODE.text, text)]],
    ["a text that is not UTF-8", [serverFrame(OPCODE.text, Buffer.of(0xff))]],
    ["a close frame with half a code", [serverFrame(OPCODE.close, Buffer.of(3))]],
    ["a message beyond the bound", [serverFrame(OPCODE.binary, Buffer.alloc(101))]],
    ["pieces beyond the bound", [1, 2, 3].map((i) => serverFrame(i === 1 ? 2 : 0, Buffer.alloc(40), false))],
    ["a size of 2^63", [Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0])]],
    [
      "endless empty pieces",
      Array.from({ length: 5_000 }, (_, i) => serverFrame(i === 0 ? 2 : 0, Buffer.alloc(0), false)),
    ],
  ];
  for (const [what, chunks] of cases) {
    assert.throws(() => read(new FrameReader(100), ...chunks), WebSocketProtocolError, what);
  }
});

test("a size beyond the bound is a fault before its bytes come", () => {
  assert.throws(() => read(new FrameReader(1_000), Buffer.of(0x82, 126, 0x03, 0xe9)), /more than 1000 bytes/);
});
