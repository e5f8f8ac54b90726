import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from "node:crypto";
import { EPHEMERAL_KEY_BYTES, type HandshakeTranscript, welcomeSigningBytes } from "../link/index.ts";

/** An X25519 pair for one connection. */
export interface EphemeralKey {
  privateKey: KeyObject;
  /** Raw. */
  publicKey: Uint8Array;
}

/**
 * Uses the system's random numbers, also in a simulation, because no decision depends on the key.
 */
export function newEphemeralKey(): EphemeralKey {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return { privateKey, publicKey: Buffer.from(x, "base64url") };
}

/** The keys of one connection, one for each direction, as strings with one character per byte. */
export interface LinkKeys {
  toServer: string;
  toAgent: string;
}

const KEY_BYTES = 32;

/** Null when the other side's key is invalid, or when it would make the secret public. */
export function deriveLinkKeys(
  own: EphemeralKey,
  otherKey: Uint8Array,
  transcript: HandshakeTranscript,
  payload: string,
): LinkKeys | null {
  const secret = sharedSecret(own, otherKey);
  if (!secret) return null;
  const salt = welcomeSigningBytes(transcript, payload);
  const keys = Buffer.from(hkdfSync("sha256", secret, salt, "halligan-link-v2 frames", 2 * KEY_BYTES));
  return { toServer: keys.toString("latin1", 0, KEY_BYTES), toAgent: keys.toString("latin1", KEY_BYTES) };
}

function sharedSecret({ privateKey }: EphemeralKey, otherKey: Uint8Array): Buffer | null {
  if (otherKey.length !== EPHEMERAL_KEY_BYTES) return null;
  const x = Buffer.from(otherKey).toString("base64url");
  try {
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
    return diffieHellman({ privateKey, publicKey });
  } catch {
    // OpenSSL refuses points of low order, whose secret is zero.
    return null;
  }
}
