import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { NO_RECOVERY, type ServerKeys } from "@halligan/server/simulation";

export interface KeyPair {
  privateKey: KeyObject;
  /** The raw key in base64url. */
  publicKey: string;
}

/** DER of an Ed25519 private key up to its 32 secret bytes (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const known = new Map<string, KeyPair>();

/** Derives the pair from the name. With random keys, a run could not be replayed. */
export function keyPair(name: string): KeyPair {
  const made = known.get(name);
  if (made) return made;
  const secret = createHash("sha256").update(`halligan simulation ${name}`).digest();
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secret]), format: "der", type: "pkcs8" });
  const pair = { privateKey, publicKey: createPublicKey(privateKey).export({ format: "jwk" }).x ?? "" };
  known.set(name, pair);
  return pair;
}

const ring = <K>(signing: K) => ({ signing, accepted: [signing] });

export function serverKeys(): ServerKeys {
  const { privateKey, publicKey } = keyPair("server");
  const keyId = createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex");
  const secret = (name: string) => createHash("sha256").update(`halligan simulation ${name}`).digest();
  return {
    order: ring({ keyId, publicKey, privateKey }),
    orderKeySet: 1,
    recovery: NO_RECOVERY,
    resultLink: ring(secret("result link")),
    linkTicket: ring(secret("link ticket")),
  };
}
