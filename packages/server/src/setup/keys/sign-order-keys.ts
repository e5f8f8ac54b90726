import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Config, ConfigError } from "../../config/config.ts";
import { writePrivateFile } from "../private-files.ts";
import { loadKeys } from "./keys.ts";
import { RECOVERY_SET_FILE, signOrderKeySet } from "./order-key-set.ts";
import { parseRecoveryKey } from "./recovery-key.ts";

/**
 * `halligan-server sign-order-keys FILE`: for devices that pin none of the present order keys.
 * Returns the path of the written file.
 */
export async function signOrderKeys(config: Config, recoveryKeyFile: string, nowMs: number): Promise<string> {
  const { key, privateKey } = parseRecoveryKey(recoveryKeyFile, await readFile(recoveryKeyFile, "utf8"));
  if (!privateKey)
    throw new ConfigError(`${recoveryKeyFile} holds the public half only: the private recovery key signs`);
  const { order } = await loadKeys({ folder: config.keysDir, makes: false });
  const signed = signOrderKeySet(order.accepted, key, privateKey, Math.floor(nowMs / 1_000));
  const file = join(config.keysDir, RECOVERY_SET_FILE);
  await writePrivateFile(file, Buffer.from(`${JSON.stringify(signed)}\n`));
  return file;
}
