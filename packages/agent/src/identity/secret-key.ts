/**
 * The device's X25519 key, to which the secrets of actions are encrypted
 * (docs/decisions/0053-secrets.md). It is created here and never leaves the device.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { signSecretKey } from "@halligan/protocol/link-crypto";
import type { DeviceSecretKey } from "../core/order-secrets.ts";
import type { Log } from "../core/ports.ts";
import { replaceFile } from "../disk/durable.ts";
import { isErrno, reasonOf } from "../disk/errno.ts";

export const secretKeyFile = (root: string) => path.join(root, "secret-key.pem");

/**
 * The caller holds the lock of the folder. Throws when the file is no such key, or the disk is
 * full.
 */
export async function readOrMakeSecretKey(root: string): Promise<KeyObject> {
  const file = secretKeyFile(root);
  try {
    const key = createPrivateKey(await readFile(file, "utf8"));
    if (key.asymmetricKeyType !== "x25519") throw new Error(`${file} is not an X25519 key`);
    return key;
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  const { privateKey } = generateKeyPairSync("x25519");
  await replaceFile(file, String(privateKey.export({ type: "pkcs8", format: "pem" })));
  return privateKey;
}

/** Null, with a line in the log, when there is no key. The agent then works without secrets. */
export async function announcedSecretKey(
  root: string,
  { machineId, privateKey: deviceKey }: { machineId: string; privateKey: KeyObject },
  log: Log,
): Promise<DeviceSecretKey | null> {
  try {
    const privateKey = await readOrMakeSecretKey(root);
    return { privateKey, announced: signSecretKey(machineId, privateKey, deviceKey) };
  } catch (error) {
    log.error("secretKeyMissing", { error: reasonOf(error) });
    return null;
  }
}
