import { sign } from "node:crypto";
import {
  type Hello,
  type NumberedOrderKeySet,
  type OrderKeySet,
  type OrderKeysFrame,
  orderKeysSigningBytes,
  SEALED_SINCE_VERSION,
} from "@halligan/protocol/link";
import type { ServerKeys } from "../../service/context.ts";

/** The order keys that the device says it has. */
export interface DevicePins {
  /** The version of the link protocol. */
  version: number;
  /**
   * The first key is the one that the device named in its handshake. The device accepts only what
   * this key signs.
   */
  keyIds: readonly string[];
  /** 0 in link version 1. */
  setNumber: number;
}

/** `serverKeyId`: the order key that the device named in its handshake. */
export const pinsOf = (hello: Hello, serverKeyId: string, version: number): DevicePins => ({
  version,
  keyIds: [serverKeyId, ...(hello.orderKeyIds ?? []).slice(1)],
  setNumber: hello.orderKeySet ?? 0,
});

/**
 * The frame that tells a device the order keys. Null when the device knows them already, or has a
 * newer set: it would refuse a set with a lower number than its own. A device of link version 1 is
 * compared by its keys, one of version 2 by the number of its set.
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
