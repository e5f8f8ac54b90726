import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint } from "jose";

/**
 * The key pair for this server's own tokens. `kid` is the RFC 7638 thumbprint of the public key.
 */
export interface SigningKey {
  readonly alg: "EdDSA" | "ES256";
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * Reads a PKCS #8 PEM: Ed25519 or P-256. Throws for every other key, so that a wrong setting stops
 * the server at its start.
 */
export async function loadSigningKey(pem: string): Promise<SigningKey> {
  const privateKey = createPrivateKey(pem);
  const alg = algorithmOf(privateKey);
  const publicKey = createPublicKey(privateKey);
  return { alg, kid: await calculateJwkThumbprint(publicKey), privateKey, publicKey };
}

function algorithmOf(key: KeyObject): SigningKey["alg"] {
  if (key.asymmetricKeyType === "ed25519") return "EdDSA";
  if (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") return "ES256";
  throw new Error("the token signing key must be Ed25519 or P-256");
}
