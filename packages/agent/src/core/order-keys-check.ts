/**
 * Decides whether a set of order keys replaces the pinned set. Pure. The signature is checked
 * first, as with an order.
 */
import { createHash, verify } from "node:crypto";
import {
  NumberedOrderKeySet,
  type OrderKey,
  type OrderKeysFrame,
  orderKeysSigningBytes,
} from "@halligan/protocol/link";
import { ed25519PublicKey } from "@halligan/protocol/link-crypto";
import { Compile } from "typebox/compile";

export interface PinnedKeys {
  /** The first key names the server. */
  keys: readonly OrderKey[];
  /** 0 for an enrollment before link version 2. */
  setNumber: number;
  /** The recovery key can replace the order keys. */
  recoveryKey: OrderKey | null;
}

export type OrderKeysCheckResult =
  | { kind: "pin"; pinned: PinnedKeys }
  /** The set is equal to the pinned set. */
  | { kind: "same" }
  | {
      kind: "refuse";
      reason:
        | "unknownKey"
        | "badSignature"
        | "malformed"
        | "wrongMachine"
        /** The number of the set is not above the number of the pinned set. */
        | "replayed"
        /** The set contains no pinned key, or another recovery key. */
        | "outranked";
    };

const keySet = Compile(NumberedOrderKeySet);

export function checkOrderKeys(
  frame: OrderKeysFrame,
  device: { machineId: string; pinned: PinnedKeys },
): OrderKeysCheckResult {
  const { machineId, pinned } = device;
  const isRecovery = pinned.recoveryKey?.keyId === frame.keyId;
  const signer = isRecovery ? pinned.recoveryKey : pinned.keys.find(({ keyId }) => keyId === frame.keyId);
  const no = (reason: Extract<OrderKeysCheckResult, { kind: "refuse" }>["reason"]) =>
    ({ kind: "refuse", reason }) as const;
  if (!signer) return no("unknownKey");
  const key = ed25519PublicKey(signer.publicKey);
  if (!verify(null, orderKeysSigningBytes(frame.payload), key, Buffer.from(frame.signature, "base64url"))) {
    return no("badSignature");
  }
  const set = parse(frame.payload);
  if (!keySet.Check(set) || !namedKeys(set).every(hasCorrectId) || hasDuplicates(set.keys)) return no("malformed");
  if (set.machineId !== machineId && !(isRecovery && set.machineId === null)) return no("wrongMachine");
  const next: PinnedKeys = {
    keys: set.keys,
    setNumber: set.number,
    recoveryKey: set.recoveryKey ?? pinned.recoveryKey,
  };
  if (isSame(next, pinned)) return { kind: "same" };
  if (set.number <= pinned.setNumber) return no("replayed");
  return isRecovery || keepsPinnedKeys(next, pinned) ? { kind: "pin", pinned: next } : no("outranked");
}

/**
 * The limits of a set that an order key signed: it keeps at least one pinned key, and it keeps the
 * recovery key if there is one.
 */
function keepsPinnedKeys(next: PinnedKeys, pinned: PinnedKeys): boolean {
  const known = new Set(pinned.keys.map(({ keyId }) => keyId));
  const isRecoveryKept = pinned.recoveryKey === null || next.recoveryKey?.keyId === pinned.recoveryKey.keyId;
  return isRecoveryKept && next.keys.some(({ keyId }) => known.has(keyId));
}

function isSame(next: PinnedKeys, pinned: PinnedKeys): boolean {
  const ids = ({ keys, recoveryKey }: PinnedKeys) => [...keys, recoveryKey].map((key) => key?.keyId).join();
  return next.setNumber === pinned.setNumber && ids(next) === ids(pinned);
}

const namedKeys = ({ keys, recoveryKey }: NumberedOrderKeySet): OrderKey[] =>
  recoveryKey === null ? keys : [...keys, recoveryKey];

const hasDuplicates = (keys: readonly OrderKey[]): boolean =>
  new Set(keys.map(({ keyId }) => keyId)).size < keys.length;

/** A key's id is the hash of the key itself. */
export const hasCorrectId = ({ keyId, publicKey }: OrderKey): boolean =>
  createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex") === keyId;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
