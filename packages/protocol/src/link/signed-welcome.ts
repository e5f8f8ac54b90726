/**
 * Link version 2: how the server authenticates itself, and what an authentic close frame contains
 * (docs/decisions/0021-signed-link.md).
 */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { Welcome } from "./frame/frames.ts";
import { concat } from "./handshake.ts";

export const SignedWelcomeContent = Type.Object(
  {
    ...Type.Omit(Welcome, ["type"]).properties,
    /** Raw X25519 key of this connection, base64url. */
    ephemeralKey: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
  },
  { additionalProperties: false },
);
export type SignedWelcomeContent = Static<typeof SignedWelcomeContent>;

const content = Compile(SignedWelcomeContent);

/** Null when `payload` is not a welcome. Call it only after the signature was verified. */
export function parseSignedWelcome(payload: string): SignedWelcomeContent | null {
  try {
    const value: unknown = JSON.parse(payload);
    return content.Check(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * One handshake. It makes a signature worthless on every other connection. Both parts have a fixed
 * size.
 */
export interface HandshakeTranscript {
  challenge: Uint8Array;
  /** The whole frame, including the device's ephemeral key. */
  answer: Uint8Array;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The bytes that the order key signs for a welcome with the JSON text `payload`. */
export function welcomeSigningBytes({ challenge, answer }: HandshakeTranscript, payload: string): Uint8Array {
  return concat([bytesOf("halligan-welcome-v2\n"), challenge, answer, bytesOf(payload)]);
}

/**
 * The bytes that the order key signs when the server refuses the device instead of sending a
 * welcome.
 */
export function refusalSigningBytes({ challenge, answer }: HandshakeTranscript, closeText: string): Uint8Array {
  return concat([bytesOf("halligan-refusal-v2\n"), challenge, answer, bytesOf(closeText)]);
}

/** The text that the proof of a close frame covers. No other proven text has this prefix. */
export const closeText = (code: number, words: string): string => `close ${code} ${words}`;
