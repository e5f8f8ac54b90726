/**
 * Frames of one connection after its welcome. Sealed from link version 2 on
 * (docs/decisions/0021-signed-link.md).
 */

import { type AgentFrame, MAX_FRAME_BYTES, parseServerFrame, type ServerFrame } from "@halligan/protocol/link";
import { FrameSeal, type LinkKeys } from "@halligan/protocol/link-crypto";
import type { MonotonicClock } from "@halligan/protocol/time";
import type { Connection, Received } from "../ports.ts";
import { ConnectionEndedError } from "./connection-ended-error.ts";
import { ConnectionTime } from "./connection-time.ts";

export interface ReceivedFrame {
  frame: ServerFrame;
  sizeBytes: number;
  /**
   * The earliest time, on the device's monotonic clock, at which the server can have sent the
   * frame.
   */
  sentAtMs: number;
}

/** A sealed text begins with the time since the welcome, before its JSON. */
const SINCE_WELCOME = /^(0|[1-9]\d{0,14})\{/;

interface Seal {
  fromServer: FrameSeal;
  toServer: FrameSeal;
  time: ConnectionTime;
}

export class FrameChannel {
  readonly #connection: Connection;
  readonly #clock: MonotonicClock;
  readonly #seal: Seal | null;

  private constructor(connection: Connection, clock: MonotonicClock, seal: Seal | null) {
    this.#connection = connection;
    this.#clock = clock;
    this.#seal = seal;
  }

  /** Link version 1. */
  static plain(connection: Connection, clock: MonotonicClock): FrameChannel {
    return new FrameChannel(connection, clock, null);
  }

  /** @param answeredAtMs when the answer to the challenge was sent */
  static sealed(connection: Connection, clock: MonotonicClock, keys: LinkKeys, answeredAtMs: number): FrameChannel {
    return new FrameChannel(connection, clock, {
      fromServer: new FrameSeal(keys.toAgent),
      toServer: new FrameSeal(keys.toServer),
      time: new ConnectionTime(clock, answeredAtMs),
    });
  }

  send(frame: AgentFrame): void {
    const json = JSON.stringify(frame);
    if (frame.type === "ping") this.#seal?.time.pinged();
    this.#connection.sendText(this.#seal ? this.#seal.toServer.seal(json) : json);
  }

  /** Rejects with {@link ConnectionEndedError} when the connection ended or a frame is invalid. */
  async next(signal: AbortSignal): Promise<ReceivedFrame> {
    const received = await this.#connection.receive(signal);
    if (received.kind === "closed") throw this.#ended(received);
    if (received.kind !== "text" || received.text.length > MAX_FRAME_BYTES) {
      throw new ConnectionEndedError("The server sent a frame of a wrong kind or size.");
    }
    const { text } = received;
    return this.#seal ? openSealed(this.#seal, text) : frameOf(text, text, this.#clock.monotonicMs());
  }

  #ended({ code, reason }: Extract<Received, { kind: "closed" }>): ConnectionEndedError {
    const words = this.#seal ? this.#seal.fromServer.openClose(code, reason) : reason;
    if (words === null) return new ConnectionEndedError("The connection broke.", code);
    return new ConnectionEndedError(words || "The server closed the connection.", code, true);
  }
}

function openSealed({ fromServer, time }: Seal, sealed: string): ReceivedFrame {
  const text = fromServer.open(sealed);
  const digits = text === null ? undefined : SINCE_WELCOME.exec(text)?.[1];
  if (text === null || digits === undefined) {
    throw new ConnectionEndedError(
      "A frame was changed, repeated, dropped or reordered between the server and this device.",
    );
  }
  const sinceWelcomeMs = Number(digits);
  const received = frameOf(text.slice(digits.length), text, time.sentAtMs(sinceWelcomeMs));
  if (received.frame.type === "pong") time.ponged(sinceWelcomeMs);
  return received;
}

function frameOf(json: string, text: string, sentAtMs: number): ReceivedFrame {
  const frame = parseServerFrame(json);
  if (!frame) throw new ConnectionEndedError("The server sent a frame that this agent does not know.");
  return { frame, sizeBytes: text.length, sentAtMs };
}
