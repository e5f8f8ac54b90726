import { verify } from "node:crypto";
import { ed25519PublicKey } from "@halligan/protocol/link-crypto";

/** `publicKey`: raw, base64url. False for a value that is not a key of this kind. */
export function verifyEd25519(publicKey: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = ed25519PublicKey(publicKey);
  return verify(null, message, key, signature);
}
