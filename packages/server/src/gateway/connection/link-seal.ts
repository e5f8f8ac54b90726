import { closeText, type HandshakeTranscript, type SignedWelcome } from "@halligan/protocol/link";
import { FrameSeal, type LinkKeys, signRefusal, signWelcome } from "@halligan/protocol/link-crypto";
import type { OrderKeyPair } from "../../service/context.ts";

/** A close frame has room for 123 bytes, with the proof. */
const MAX_CLOSE_WORDS = 90;
/** A signature leaves less. */
export const MAX_REFUSAL_WORDS = 30;

/**
 * Both directions of a connection of link version 2. Each frame to the device begins with the time of the link: milliseconds
 * since the welcome, by this node's monotonic clock. The device computes from it how old a frame is.
 */
export class LinkSeal {
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

  /** The reason of the close frame, which is the last frame. */
  close(code: number, words: string): string {
    return this.#toDevice.sealClose(code, words.slice(0, MAX_CLOSE_WORDS));
  }
}

/** Null when the device's ephemeral key is none. */
export function sealedWelcome(
  transcript: HandshakeTranscript,
  ephemeralKey: Uint8Array,
  content: Parameters<typeof signWelcome>[2],
  orderKey: OrderKeyPair,
  nowMs: number,
): { frame: SignedWelcome; seal: LinkSeal } | null {
  const signed = signWelcome(transcript, ephemeralKey, content, orderKey.privateKey);
  return signed && { frame: signed.frame, seal: new LinkSeal(signed.keys, nowMs) };
}

/** The reason of a close frame in place of the welcome, which the device believes. */
export function signedRefusal(
  transcript: HandshakeTranscript,
  code: number,
  words: string,
  orderKey: OrderKeyPair,
): string {
  if (words.length > MAX_REFUSAL_WORDS) throw new RangeError(`a refusal is too long: ${closeText(code, words)}`);
  return signRefusal(transcript, code, words, orderKey.privateKey);
}
