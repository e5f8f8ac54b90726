import { err, ok, type Result } from "@halligan/protocol/errors";
import {
  type AgentFrame,
  HELLO_BOUNDS,
  type LINK_CLOSE,
  parseAgentFrame,
  REPORT_BOUNDS,
  type ServerFrame,
} from "@halligan/protocol/link";
import type { ConnectionSeal } from "./connection-seal.ts";

/**
 * Encodes and decodes the frames of one connection. Frames are sealed from the welcome on, except
 * in link version 1.
 */
export class FrameCodec {
  #seal: ConnectionSeal | null = null;

  get isSealed(): boolean {
    return this.#seal !== null;
  }

  sealWith(seal: ConnectionSeal): void {
    this.#seal = seal;
  }

  /** The error is the reason for which the connection is closed. */
  decode(text: string, expected: "hello" | "report"): Result<AgentFrame, string> {
    const json = this.#seal ? this.#seal.open(text) : text;
    if (json === null) return err("a frame was changed, repeated, dropped or reordered in transit");
    const frame = parseAgentFrame(json, expected === "hello" ? HELLO_BOUNDS : REPORT_BOUNDS);
    return frame ? ok(frame) : err("not a frame of this protocol, or one that is too large");
  }

  encode(frame: ServerFrame, nowMs: number): string {
    const json = JSON.stringify(frame);
    return this.#seal ? this.#seal.seal(json, nowMs) : json;
  }

  /** The reason for the close frame, which is the last frame. */
  closeReason(code: (typeof LINK_CLOSE)[keyof typeof LINK_CLOSE], words: string): string {
    return this.#seal ? this.#seal.close(code, words) : words;
  }
}
