import { sign } from "node:crypto";
import { type OrderKeySet, type OrderKeysFrame, orderKeysSigningBytes } from "@halligan/protocol/link";
import type { KeyRing, OrderKeyPair } from "../service/context.ts";

/**
 * What a device has to learn of the order keys; null when it pins just those that are accepted here, the signing one first.
 * `pinnedKeyIds`: as it tells them, beginning with the one that it named in its handshake, which is the one that it believes.
 */
export function orderKeysFrame(
  machineId: string,
  ring: KeyRing<OrderKeyPair>,
  pinnedKeyIds: readonly string[],
): OrderKeysFrame | null {
  const keys = ring.accepted.map(({ keyId, publicKey }) => ({ keyId, publicKey }));
  if (keys.length === pinnedKeyIds.length && keys.every(({ keyId }, place) => keyId === pinnedKeyIds[place]))
    return null;
  const signer = ring.accepted.find(({ keyId }) => keyId === pinnedKeyIds[0]);
  if (!signer) return null;
  const payload = JSON.stringify({ v: 1, machineId, keys } satisfies OrderKeySet);
  const signature = sign(null, orderKeysSigningBytes(payload), signer.privateKey).toString("base64url");
  return { type: "orderKeys", payload, keyId: signer.keyId, signature };
}
