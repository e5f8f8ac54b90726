import { type KeyObject, sign, verify } from "node:crypto";
import {
  closeText,
  encodeHandshakeAnswer,
  type HandshakeTranscript,
  handshakeSigningBytes,
  parseSignedWelcome,
  refusalSigningBytes,
  SEALED_SINCE_VERSION,
  type SignedWelcome,
  type SignedWelcomeContent,
  welcomeSigningBytes,
} from "../link/index.ts";
import { deriveLinkKeys, type EphemeralKey, type LinkKeys, newEphemeralKey } from "./ephemeral-key.ts";

export interface DeviceClaim {
  version: number;
  machineId: string;
  serverKeyId: string;
}

const SIGNATURE_CHARACTERS = 86;

/** The device's side of one handshake. */
export class DeviceHandshake {
  /** Sent without changes. */
  readonly answer: Uint8Array;
  readonly #transcript: HandshakeTranscript;
  readonly #ephemeral: EphemeralKey | null;

  constructor(challenge: Uint8Array, claim: DeviceClaim, privateKey: KeyObject) {
    this.#ephemeral = claim.version < SEALED_SINCE_VERSION ? null : newEphemeralKey();
    const claimed = { ...claim, ephemeralKey: this.#ephemeral?.publicKey ?? new Uint8Array() };
    const signature = sign(null, handshakeSigningBytes(challenge, claimed), privateKey);
    this.answer = encodeHandshakeAnswer({ ...claimed, signature });
    this.#transcript = { challenge: challenge.slice(), answer: this.answer };
  }

  /** Null when `serverKey` did not sign this welcome for this connection. */
  open(
    { payload, signature }: SignedWelcome,
    serverKey: KeyObject,
  ): { content: SignedWelcomeContent; keys: LinkKeys } | null {
    if (!this.#ephemeral) return null;
    const signed = welcomeSigningBytes(this.#transcript, payload);
    if (!verify(null, signed, serverKey, Buffer.from(signature, "base64url"))) return null;
    const content = parseSignedWelcome(payload);
    if (!content) return null;
    const otherKey = Buffer.from(content.ephemeralKey, "base64url");
    const keys = deriveLinkKeys(this.#ephemeral, otherKey, this.#transcript, payload);
    return keys && { content, keys };
  }

  /**
   * The reason text of a close frame that came instead of the welcome; null when the server did not
   * sign it.
   */
  refusal(code: number, reason: string, serverKey: KeyObject): string | null {
    const words = reason.slice(SIGNATURE_CHARACTERS);
    const signature = Buffer.from(reason.slice(0, SIGNATURE_CHARACTERS), "base64url");
    const signed = refusalSigningBytes(this.#transcript, closeText(code, words));
    return verify(null, signed, serverKey, signature) ? words : null;
  }
}
