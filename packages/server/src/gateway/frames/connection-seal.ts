import { closeText, type HandshakeTranscript, type SignedWelcome } from "@halligan/protocol/link";
import { FrameSeal, type LinkKeys, signRefusal, signWelcome } from "@halligan/protocol/link-crypto";
import type { OrderKeyPair } from "../../service/context.ts";

/** Longest text, in characters, of a close frame (123 bytes) that also carries a proof. */
const MAX_CLOSE_CHARACTERS = 90;
/** Longest text, in characters, of a close frame that also carries a signature. */
export const MAX_REFUSAL_CHARACTERS = 30;

/**
 * Seals and opens the frames of one connection of link version 2. Each frame to the device begins
 * with the time of the connection: milliseconds since the welcome, by this node's monotonic clock.
 * The device computes the age of a frame from it.
 */
export class ConnectionSeal {
  readonly #fromDevice: FrameSeal;
  readonly #toDevice: FrameSeal;
  readonly #welcomedAtMs: number;

  constructor({ toServer, toAgent }: LinkKeys, welcomedAtMs: number) {
    this.#fromDevice = new FrameSeal(toServer);
    this.#toDevice = new FrameSeal(toAgent);
    this.#welcomedAtMs = welcomedAtMs;
  }

  /** Null when it is not the frame that the device sent next. */
  open(text: string): string | null {
    return this.#fromDevice.open(text);
  }

  seal(json: string, nowMs: number): string {
    return this.#toDevice.seal(`${Math.max(0, Math.round(nowMs - this.#welcomedAtMs))}${json}`);
  }

  /** The reason for the close frame, which is the last frame. */
  close(code: number, words: string): string {
    return this.#toDevice.sealClose(code, words.slice(0, MAX_CLOSE_CHARACTERS));
  }
}

/** Null when the device's ephemeral key is not valid. */
export function sealedWelcome(
  transcript: HandshakeTranscript,
  ephemeralKey: Uint8Array,
  content: Parameters<typeof signWelcome>[2],
  orderKey: OrderKeyPair,
  nowMs: number,
): { frame: SignedWelcome; seal: ConnectionSeal } | null {
  const signed = signWelcome(transcript, ephemeralKey, content, orderKey.privateKey);
  return signed && { frame: signed.frame, seal: new ConnectionSeal(signed.keys, nowMs) };
}

/**
 * The signed reason of a close frame that is sent instead of the welcome. The signature lets the
 * device accept it before the connection is sealed.
 */
export function signedRefusal(
  transcript: HandshakeTranscript,
  code: number,
  words: string,
  orderKey: OrderKeyPair,
): string {
  if (words.length > MAX_REFUSAL_CHARACTERS) throw new RangeError(`a refusal is too long: ${closeText(code, words)}`);
  return signRefusal(transcript, code, words, orderKey.privateKey);
}
