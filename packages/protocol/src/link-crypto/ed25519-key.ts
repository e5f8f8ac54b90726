import { createPublicKey, type KeyObject } from "node:crypto";

/**
 * A public key of Ed25519 as all keys of the link are written: 32 bytes, base64url. Throws when it
 * is none.
 */
export const ed25519PublicKey = (raw: string): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw }, format: "jwk" });
