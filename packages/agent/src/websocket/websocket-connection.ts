/** A WebSocket connection that is open, as the core's Connection. */

import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { MAX_FRAME_BYTES } from "@halligan/protocol/link";
import { abortable } from "@halligan/protocol/time";
import type { Connection, Received } from "../core/ports.ts";
import { LIMITS } from "../limits.ts";
import { encodeFrame, FrameReader, type Message, OPCODE, WebSocketProtocolError } from "./websocket-frames.ts";

const ABNORMAL_CLOSE = 1006;
const OWN_CLOSE = 1000;

export class WebSocketConnection implements Connection {
  readonly #socket: Duplex;
  readonly #reader = new FrameReader(MAX_FRAME_BYTES);
  readonly #queue: Received[] = [];
  #closed: (Received & { kind: "closed" }) | null = null;
  #arrived = Promise.withResolvers<void>();

  /** @param head bytes that came after the server's response to the upgrade */
  constructor(socket: Duplex, head: Uint8Array) {
    this.#socket = socket;
    socket.on("data", (chunk: Uint8Array) => this.#take(chunk));
    socket.on("error", (error) => this.#end({ code: ABNORMAL_CLOSE, reason: error.message }));
    socket.on("end", () => this.#end({ code: ABNORMAL_CLOSE, reason: "" }));
    socket.on("close", () => this.#end({ code: ABNORMAL_CLOSE, reason: "" }));
    if (head.length > 0) this.#take(head);
    socket.resume();
  }

  async receive(signal: AbortSignal): Promise<Received> {
    for (;;) {
      signal.throwIfAborted();
      const next = this.#queue.shift() ?? this.#closed;
      if (next) return next;
      await abortable(this.#arrived.promise, signal);
    }
  }

  sendText(text: string): void {
    this.#send(OPCODE.text, Buffer.from(text));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#send(OPCODE.binary, bytes);
  }

  close(): void {
    this.#queue.length = 0;
    if (this.#closed) return;
    this.#sayClose(OWN_CLOSE);
    this.#end({ code: OWN_CLOSE, reason: "The agent closed the connection." });
  }

  #send(opcode: (typeof OPCODE)[keyof typeof OPCODE], payload: Uint8Array): void {
    if (this.#closed) return;
    if (this.#socket.writableLength <= LIMITS.maxUnsentBytes) {
      this.#socket.write(encodeFrame(opcode, payload, randomBytes(4)));
    } else this.#end({ code: ABNORMAL_CLOSE, reason: "The server does not read what the agent sends." });
  }

  #take(chunk: Uint8Array): void {
    if (this.#closed) return;
    try {
      for (const message of this.#reader.push(chunk)) this.#handle(message);
    } catch (error) {
      if (!(error instanceof WebSocketProtocolError)) throw error;
      this.#end({ code: ABNORMAL_CLOSE, reason: `The server broke the WebSocket protocol: ${error.message}.` });
    }
    this.#wake();
  }

  #handle(message: Message): void {
    if (this.#closed || message.kind === "pong") return;
    if (message.kind === "ping") this.#send(OPCODE.pong, message.payload);
    else if (message.kind === "close") {
      this.#sayClose(message.code);
      this.#end(message);
    } else if (this.#queue.length < LIMITS.maxQueuedFrames) this.#queue.push(message);
    else this.#end({ code: ABNORMAL_CLOSE, reason: "The server sent more than the agent accepts." });
  }

  /** Codes that only stand for a missing code are not sent. */
  #sayClose(code: number): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code >= 1004 && code <= 1006 ? OWN_CLOSE : code);
    this.#socket.write(encodeFrame(OPCODE.close, payload, randomBytes(4)));
  }

  #end({ code, reason }: { code: number; reason: string }): void {
    if (this.#closed) return;
    this.#closed = { kind: "closed", code, reason };
    this.#socket.end();
    // A peer that does not read would keep the connection open.
    const late = setTimeout(() => this.#socket.destroy(), LIMITS.socketCloseMs);
    late.unref();
    this.#socket.once("close", () => clearTimeout(late));
    this.#wake();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}
