import { createPublicKey, verify } from "node:crypto";

/** `publicKey`: raw, base64url. False for a value that is not a key of this kind. */
export function verifyEd25519(publicKey: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  return verify(null, message, key, signature);
}
