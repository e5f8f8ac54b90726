/** Whether a set of order keys may take the place of the pinned one. Pure: the signature first, as with an order. */
import { createHash, verify } from "node:crypto";
import { type OrderKey, OrderKeySet, type OrderKeysFrame, orderKeysSigningBytes } from "@halligan/protocol/link";
import { Compile } from "typebox/compile";
import type { OrderKeys } from "./order-check.ts";

export type OrderKeysVerdict =
  | { kind: "pin"; keys: readonly OrderKey[] }
  /** Just what is pinned, in that order. */
  | { kind: "same" }
  | { kind: "refuse"; reason: "unknownKey" | "badSignature" | "malformed" | "wrongMachine" };

const keySet = Compile(OrderKeySet);

export function checkOrderKeys(
  frame: OrderKeysFrame,
  device: { machineId: string; pinned: OrderKeys },
): OrderKeysVerdict {
  const { machineId, pinned } = device;
  const signer = pinned.get(frame.keyId);
  if (!signer) return { kind: "refuse", reason: "unknownKey" };
  if (!verify(null, orderKeysSigningBytes(frame.payload), signer, Buffer.from(frame.signature, "base64url"))) {
    return { kind: "refuse", reason: "badSignature" };
  }
  const set = parse(frame.payload);
  if (!keySet.Check(set) || !set.keys.every(isNamedRightly) || hasDoubles(set.keys)) {
    return { kind: "refuse", reason: "malformed" };
  }
  if (set.machineId !== machineId) return { kind: "refuse", reason: "wrongMachine" };
  const pinnedIds = [...pinned.keys()];
  const isSame =
    set.keys.length === pinnedIds.length && set.keys.every(({ keyId }, place) => keyId === pinnedIds[place]);
  return isSame ? { kind: "same" } : { kind: "pin", keys: set.keys };
}

const hasDoubles = (keys: readonly OrderKey[]): boolean => new Set(keys.map(({ keyId }) => keyId)).size < keys.length;

/** A key's id is the hash of the key itself. */
export const isNamedRightly = ({ keyId, publicKey }: OrderKey): boolean =>
  createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex") === keyId;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
