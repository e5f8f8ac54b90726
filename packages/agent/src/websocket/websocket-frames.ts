/**
 * The frames of a WebSocket client (RFC 6455) without extensions. Pure.
 *
 * The agent has its own implementation, because no platform's WebSocket accepts a connection that
 * the agent opened through a proxy. Node's accepts no connection at all, and Bun replaces the
 * package `ws` with its own.
 */
export type Message =
  | { kind: "text"; text: string }
  | { kind: "binary"; bytes: Uint8Array }
  | { kind: "ping"; payload: Uint8Array }
  | { kind: "pong" }
  | { kind: "close"; code: number; reason: string };

/**
 * The peer does not keep to the protocol, or to our bound: the connection is of no use any more.
 */
export class WebSocketProtocolError extends Error {
  override name = "WebSocketProtocolError";
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const MAX_CONTROL_BYTES = 125;
/** RFC 6455, 7.4.1: a close frame without a code. */
const NO_CODE = 1005;

/** @param mask four random bytes, which every frame of a client needs */
export function encodeFrame(opcode: Opcode, payload: Uint8Array, mask: Uint8Array): Uint8Array {
  const size = payload.length;
  const sizeBytes = size <= MAX_CONTROL_BYTES ? 0 : size < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + sizeBytes + 4 + size);
  frame[0] = FINAL | opcode;
  if (sizeBytes === 0) frame[1] = MASKED | size;
  else if (sizeBytes === 2) {
    frame[1] = MASKED | 126;
    frame.writeUInt16BE(size, 2);
  } else {
    frame[1] = MASKED | 127;
    frame.writeBigUInt64BE(BigInt(size), 2);
  }
  const from = 2 + sizeBytes + 4;
  frame.set(mask, from - 4);
  for (let at = 0; at < size; at++) frame[from + at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return frame;
}

interface Header {
  isFinal: boolean;
  opcode: number;
  headerBytes: number;
  payloadBytes: number;
}

/** Reads messages from bytes. A message has at most `maxBytes`, even if it comes in many frames. */
export class FrameReader {
  readonly #maxBytes: number;
  #pending: Buffer = Buffer.alloc(0);
  /** Of the message that is being received. */
  #opcode: number | null = null;
  #parts: Buffer[] = [];
  #partsBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Throws WebSocketProtocolError. */
  *push(chunk: Uint8Array): Generator<Message, void, undefined> {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    for (let header = this.#header(); header; header = this.#header()) {
      const { headerBytes, payloadBytes } = header;
      if (this.#pending.length < headerBytes + payloadBytes) return;
      const payload = this.#pending.subarray(headerBytes, headerBytes + payloadBytes);
      this.#pending = this.#pending.subarray(headerBytes + payloadBytes);
      const message = header.opcode >= OPCODE.close ? control(header, payload) : this.#data(header, payload);
      if (message) yield message;
    }
  }

  /**
   * Null until the header is complete. It is checked before the payload arrives, so no payload
   * above the bound is kept.
   */
  #header(): Header | null {
    const bytes = this.#pending;
    const [first, second] = bytes;
    if (first === undefined || second === undefined) return null;
    if ((first & RESERVED) !== 0) throw new WebSocketProtocolError("a reserved bit is set");
    if ((second & MASKED) !== 0) throw new WebSocketProtocolError("a frame of a server is masked");
    const short = second & 0x7f;
    const headerBytes = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    if (bytes.length < headerBytes) return null;
    const long = short === 126 ? BigInt(bytes.readUInt16BE(2)) : short === 127 ? bytes.readBigUInt64BE(2) : null;
    const size = long ?? BigInt(short);
    if (size + BigInt(this.#partsBytes) > BigInt(this.#maxBytes)) {
      throw new WebSocketProtocolError(`a message has more than ${this.#maxBytes} bytes`);
    }
    return { isFinal: (first & FINAL) !== 0, opcode: first & 0x0f, headerBytes, payloadBytes: Number(size) };
  }

  #data({ isFinal, opcode }: Header, payload: Buffer): Message | null {
    if (opcode > OPCODE.binary) throw new WebSocketProtocolError("an unknown kind of frame");
    if ((opcode === OPCODE.continuation) === (this.#opcode === null)) {
      throw new WebSocketProtocolError("a frame out of turn");
    }
    this.#opcode ??= opcode;
    this.#parts.push(payload);
    this.#partsBytes += payload.length;
    // Frames without content must not gather without end.
    if (this.#parts.length > MAX_FRAMES)
      throw new WebSocketProtocolError(`a message has more than ${MAX_FRAMES} frames`);
    if (!isFinal) return null;
    const bytes = Buffer.concat(this.#parts);
    const isText = this.#opcode === OPCODE.text;
    this.#opcode = null;
    this.#parts = [];
    this.#partsBytes = 0;
    return isText ? { kind: "text", text: utf8(bytes) } : { kind: "binary", bytes: Uint8Array.from(bytes) };
  }
}

const MAX_FRAMES = 4_096;

function control({ isFinal, opcode, payloadBytes }: Header, payload: Buffer): Message {
  if (!isFinal || payloadBytes > MAX_CONTROL_BYTES) throw new WebSocketProtocolError("a control frame is too long");
  if (opcode === OPCODE.ping) return { kind: "ping", payload: Uint8Array.from(payload) };
  if (opcode === OPCODE.pong) return { kind: "pong" };
  if (opcode !== OPCODE.close) throw new WebSocketProtocolError("an unknown kind of control frame");
  if (payload.length === 1) throw new WebSocketProtocolError("a close frame has half a code");
  if (payload.length === 0) return { kind: "close", code: NO_CODE, reason: "" };
  return { kind: "close", code: payload.readUInt16BE(0), reason: utf8(payload.subarray(2)) };
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new WebSocketProtocolError("a text is not UTF-8");
  }
}
