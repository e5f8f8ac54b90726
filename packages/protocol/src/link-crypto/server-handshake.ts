import { type KeyObject, sign } from "node:crypto";
import {
  closeText,
  type HandshakeTranscript,
  refusalSigningBytes,
  type SignedWelcome,
  type SignedWelcomeContent,
  welcomeSigningBytes,
} from "../link/index.ts";
import { deriveLinkKeys, type LinkKeys, newEphemeralKey } from "./ephemeral-key.ts";

/**
 * The server's side. `deviceKey`: the ephemeral key from the device's response with a verified
 * signature. Null when it is not a valid key.
 */
export function signWelcome(
  transcript: HandshakeTranscript,
  deviceKey: Uint8Array,
  content: Omit<SignedWelcomeContent, "ephemeralKey">,
  orderKey: KeyObject,
): { frame: SignedWelcome; keys: LinkKeys } | null {
  const ephemeral = newEphemeralKey();
  const ephemeralKey = Buffer.from(ephemeral.publicKey).toString("base64url");
  const payload = JSON.stringify({ ...content, ephemeralKey } satisfies SignedWelcomeContent);
  const keys = deriveLinkKeys(ephemeral, deviceKey, transcript, payload);
  if (!keys) return null;
  const signature = sign(null, welcomeSigningBytes(transcript, payload), orderKey).toString("base64url");
  return { frame: { type: "signedWelcome", payload, signature }, keys };
}

/**
 * The reason of a close frame that replaces the welcome. `words`: at most 30 characters, or the
 * frame is too long.
 */
export function signRefusal(transcript: HandshakeTranscript, code: number, words: string, orderKey: KeyObject): string {
  const signature = sign(null, refusalSigningBytes(transcript, closeText(code, words)), orderKey);
  return signature.toString("base64url") + words;
}
