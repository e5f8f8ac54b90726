import { sign } from "node:crypto";
import {
  type NumberedOrderKeySet,
  type OrderKeySet,
  type OrderKeysFrame,
  orderKeysSigningBytes,
  SEALED_SINCE_VERSION,
} from "@halligan/protocol/link";
import type { ServerKeys } from "../../service/context.ts";

/** As the device tells it. */
export interface DevicePins {
  /** Of the link. */
  version: number;
  /** Beginning with the one that it named in its handshake, which is the one that it believes. */
  keyIds: readonly string[];
  /** 0 in link version 1. */
  setNumber: number;
}

/**
 * What a device has to learn of the order keys; null when it knows it, or knows more: a set with a lower number than its own it would refuse.
 * A device of link version 1 compares keys, one of version 2 numbers.
 */
export function orderKeysFrame(
  machineId: string,
  { order, orderKeySet, recovery }: Pick<ServerKeys, "order" | "orderKeySet" | "recovery">,
  pins: DevicePins,
): OrderKeysFrame | null {
  const keys = order.accepted.map(({ keyId, publicKey }) => ({ keyId, publicKey }));
  const isNumbered = pins.version >= SEALED_SINCE_VERSION;
  const hasThem = keys.length === pins.keyIds.length && keys.every(({ keyId }, place) => keyId === pins.keyIds[place]);
  if (isNumbered ? pins.setNumber >= orderKeySet : hasThem) return null;
  const signer = order.accepted.find(({ keyId }) => keyId === pins.keyIds[0]);
  if (!signer) return null;
  const set: OrderKeySet | NumberedOrderKeySet = isNumbered
    ? { v: 2, machineId, number: orderKeySet, keys, recoveryKey: recovery.key }
    : { v: 1, machineId, keys };
  const payload = JSON.stringify(set);
  const signature = sign(null, orderKeysSigningBytes(payload), signer.privateKey).toString("base64url");
  return { type: "orderKeys", payload, keyId: signer.keyId, signature };
}
