/** The device's Ed25519 key. It is created here and never leaves the device. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { link, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { syncFolder } from "../disk/durable.ts";
import { isErrno } from "../disk/errno.ts";

export const deviceKeyFile = (root: string) => path.join(root, "device-key.pem");

export async function readDeviceKey(root: string): Promise<KeyObject> {
  return createPrivateKey(await readFile(deviceKeyFile(root), "utf8"));
}

/** The key of an interrupted enrollment, or a new one. */
export async function readOrMakeDeviceKey(root: string): Promise<KeyObject> {
  try {
    return await readDeviceKey(root);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  const { privateKey } = generateKeyPairSync("ed25519");
  const temporary = `${deviceKeyFile(root)}.new`;
  await rm(temporary, { force: true });
  {
    await using handle = await open(temporary, "wx", 0o600);
    await handle.writeFile(privateKey.export({ type: "pkcs8", format: "pem" }));
    await handle.sync();
  }
  // Unlike a rename, a link fails when the name exists. A process that comes second uses the key of
  // the first.
  try {
    await link(temporary, deviceKeyFile(root));
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  await rm(temporary);
  await syncFolder(root);
  return await readDeviceKey(root);
}

/** The raw 32 bytes in base64url. */
export function publicKeyText(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (typeof x !== "string") throw new Error("the device's key is not an Ed25519 key");
  return x;
}
