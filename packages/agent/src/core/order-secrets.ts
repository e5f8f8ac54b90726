/** The device's key for secrets, and what an order may ask of it. */
import type { KeyObject } from "node:crypto";
import {
  MAX_ALL_SECRETS_BYTES,
  type Order,
  repeatedSecretName,
  type SignedSecretKey,
  secretBytes,
  secretNameFault,
} from "@halligan/protocol/link";
import { openSecrets } from "@halligan/protocol/link-crypto";

export interface DeviceSecretKey {
  privateKey: KeyObject;
  /** What the hello announces. */
  announced: SignedSecretKey;
}

/**
 * Why the secrets of an order cannot be used; null when they can, or when it has none. Every value
 * is decrypted here, and dropped, so that nothing of an order runs with a part of its secrets. They
 * are decrypted again when a script starts, so that nothing keeps them meanwhile.
 */
export function secretsFault(
  { secretEnv }: Pick<Order, "secretEnv">,
  machineId: string,
  secretKey: DeviceSecretKey | null,
): string | null {
  if (!secretEnv) return null;
  if (!secretKey) return "This agent has no key for secrets; its log says why.";
  const names = secretEnv.values.map(({ name }) => name);
  for (const name of names) {
    const fault = secretNameFault(name);
    if (fault !== null) return `The variable ${name} ${fault}.`;
  }
  const repeated = repeatedSecretName(names);
  if (repeated !== null) return `The secret ${repeated} is given twice.`;
  if (secretEnv.values.reduce((sum, { sealed }) => sum + secretBytes(sealed), 0) > MAX_ALL_SECRETS_BYTES) {
    return `The secrets have more than ${MAX_ALL_SECRETS_BYTES} bytes together.`;
  }
  if (secretEnv.key !== secretKey.announced.key) {
    return "The secrets were encrypted to another key of this device. Start the action again: it is encrypted to the present key then.";
  }
  const read = openSecrets(machineId, secretKey.privateKey, secretEnv);
  return read.ok ? null : `The secret ${read.error} was changed, or was encrypted for another machine or variable.`;
}
