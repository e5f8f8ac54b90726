import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { endSigningBytes, parseSignedEnd, type SignedEnd } from "../link/index.ts";
import { ed25519PublicKey } from "./ed25519-key.ts";

/** The signed text is transmitted byte for byte, so no canonical form is needed. */
export interface DeviceEvidence {
  payload: string;
  /** Base64url. */
  signature: string;
}

export function signEnd(end: SignedEnd, deviceKey: KeyObject): DeviceEvidence {
  const payload = JSON.stringify(end);
  return { payload, signature: sign(null, endSigningBytes(payload), deviceKey).toString("base64url") };
}

/**
 * The content that the device signed; null when that key did not sign it. `publicKey`: raw,
 * base64url.
 */
export function openEnd({ payload, signature }: DeviceEvidence, publicKey: string): SignedEnd | null {
  try {
    const key = ed25519PublicKey(publicKey);
    if (!verify(null, endSigningBytes(payload), key, Buffer.from(signature, "base64url"))) return null;
  } catch {
    return null;
  }
  return parseSignedEnd(payload);
}

/**
 * The machine id is derived from the machine's first key. A client that knows the id can verify the
 * key without a third party.
 */
export const machineIdOf = (publicKey: string): string =>
  createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex").slice(0, 40);
