import { createHash, type KeyObject } from "node:crypto";
import type { OrderKey } from "@halligan/protocol/link";

/** Throws for a key that is not Ed25519. */
export function orderKeyOf(publicKey: KeyObject): OrderKey {
  const { x } = publicKey.export({ format: "jwk" });
  if (publicKey.asymmetricKeyType !== "ed25519" || x === undefined) throw new Error("the order key must be Ed25519");
  return { keyId: createHash("sha256").update(Buffer.from(x, "base64url")).digest("hex"), publicKey: x };
}
