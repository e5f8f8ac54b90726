import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { NumberedOrderKeySet, type OrderKey, orderKeysSigningBytes, Sha256 } from "@halligan/protocol/link";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { ConfigError } from "../../config/config.ts";
import { orderKeyNumber } from "../../service/cluster/order-key-number.ts";
import { NO_RECOVERY, type OrderKeyPair, type RecoveryKey, type ServerKeys } from "../../service/context.ts";
import type { Store } from "../../store/store.ts";
import { isMissing } from "../private-files.ts";
import type { RecoveryKeyFile } from "./recovery-key.ts";

/** The file that `halligan-server sign-order-keys` writes to the key folder. */
export const RECOVERY_SET_FILE = "recovery-set.json";
const SignedSet = Type.Object({ payload: Type.String(), keyId: Sha256, signature: Type.String() });
type SignedSet = Static<typeof SignedSet>;

const publicHalf = ({ keyId, publicKey }: OrderKey): OrderKey => ({ keyId, publicKey });

/**
 * Numbers the present order keys: the same number for the same keys, on each node, and a higher one
 * after each change. The number is at least the time in seconds at which the keys changed, so that
 * it also grows after the store was restored from a backup.
 */
export async function numberOrderKeys(
  store: Store,
  {
    folder,
    accepted,
    recovery,
  }: { folder: string; accepted: readonly OrderKeyPair[]; recovery: RecoveryKeyFile | null },
  nowMs: number,
): Promise<Pick<ServerKeys, "orderKeySet" | "recovery">> {
  const keys = accepted.map(publicHalf);
  const given = recovery && (await readGivenSet(folder, recovery.key, keys));
  const of = [...keys, ...(recovery ? [recovery.key] : [])].map(({ keyId }) => keyId).join(" ");
  const orderKeySet = await orderKeyNumber(store, { of, least: given?.number ?? 0, floor: Math.floor(nowMs / 1_000) });
  return {
    orderKeySet,
    recovery: recovery ? recoveryOf(recovery, given?.signed ?? null, keys, orderKeySet) : NO_RECOVERY,
  };
}

function recoveryOf(
  { key, privateKey }: RecoveryKeyFile,
  given: SignedSet | null,
  keys: readonly OrderKey[],
  number: number,
): RecoveryKey {
  return { key, set: privateKey ? signOrderKeySet(keys, key, privateKey, number) : given };
}

/** A set for every machine of the deployment, signed by its recovery key. */
export function signOrderKeySet(
  keys: readonly OrderKey[],
  recoveryKey: OrderKey,
  privateKey: KeyObject,
  number: number,
): SignedSet {
  const set: NumberedOrderKeySet = { v: 2, machineId: null, number, keys: keys.map(publicHalf), recoveryKey };
  const payload = JSON.stringify(set);
  const signature = sign(null, orderKeysSigningBytes(payload), privateKey).toString("base64url");
  return { payload, keyId: recoveryKey.keyId, signature };
}

async function readGivenSet(
  folder: string,
  recoveryKey: OrderKey,
  keys: readonly OrderKey[],
): Promise<{ signed: SignedSet; number: number } | null> {
  const file = join(folder, RECOVERY_SET_FILE);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw cause;
  }
  try {
    const signed = Value.Parse(SignedSet, JSON.parse(text));
    const set = Value.Parse(NumberedOrderKeySet, JSON.parse(signed.payload));
    const jwk = { kty: "OKP", crv: "Ed25519", x: recoveryKey.publicKey };
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const bytes = orderKeysSigningBytes(signed.payload);
    if (!verify(null, bytes, key, Buffer.from(signed.signature, "base64url")))
      throw new Error("the signature does not hold");
    const ids = (of: readonly OrderKey[]) => of.map(({ keyId }) => keyId).join();
    if (ids(set.keys) !== ids(keys)) throw new Error("it names other order keys than those in the folder");
    return { signed, number: set.number };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `${file} is not usable (${reason}): make it again with halligan-server sign-order-keys, or remove it`,
      {
        cause,
      },
    );
  }
}
