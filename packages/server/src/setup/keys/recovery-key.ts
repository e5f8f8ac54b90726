import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { OrderKey } from "@halligan/protocol/link";
import { ConfigError } from "../../config/config.ts";
import { isMissing, readOrMake } from "../private-files.ts";
import { orderKeyOf } from "./order-key.ts";

/**
 * `privateKey`: null when the operator keeps it elsewhere and only the public half is in the
 * folder.
 */
export interface RecoveryKeyFile {
  key: OrderKey;
  privateKey: KeyObject | null;
}

/**
 * `recovery.pem` contains the private key, as the first start creates it, or only the public one.
 * Null when there is no such file, for example in a configured key folder.
 */
export async function readRecoveryKey(
  folder: string,
  make: (() => Uint8Array) | null,
): Promise<RecoveryKeyFile | null> {
  const file = join(folder, "recovery.pem");
  const content = await (make ? readOrMake(file, make) : readFile(file)).catch((cause: unknown) => {
    if (isMissing(cause)) return null;
    throw cause;
  });
  return content && parseRecoveryKey(file, content.toString("utf8"));
}

export function parseRecoveryKey(file: string, pem: string): RecoveryKeyFile {
  try {
    const privateKey = pem.includes("PRIVATE KEY") ? createPrivateKey(pem) : null;
    return { key: orderKeyOf(createPublicKey(privateKey ?? pem)), privateKey };
  } catch (cause) {
    throw new ConfigError(`the key ${file} is not usable: an Ed25519 key in PEM is wanted, private or public`, {
      cause,
    });
  }
}
