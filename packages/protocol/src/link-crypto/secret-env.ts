import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { err, ok, type Result } from "../errors/index.ts";
import {
  MAX_SECRET_BYTES,
  type SecretEnv,
  type SignedSecretKey,
  secretInfo,
  secretKeySigningBytes,
} from "../link/index.ts";
import { machineIdOf } from "./device-evidence.ts";
import { ed25519PublicKey } from "./ed25519-key.ts";
import { openSealed, rawX25519, sealTo } from "./hpke.ts";

/** What a device announces. Repeating it gives the same text. `deviceKey`: its Ed25519 key. */
export function signSecretKey(machineId: string, secretKey: KeyObject, deviceKey: KeyObject): SignedSecretKey {
  const key = rawX25519(createPublicKey(secretKey)).toString("base64url");
  const signature = sign(null, secretKeySigningBytes(machineId, key), deviceKey).toString("base64url");
  return { key, signature };
}

/** `publicKey`: the device's Ed25519 key, raw, base64url. False for a text that is none. */
export function isSecretKeyOf(machineId: string, { key, signature }: SignedSecretKey, publicKey: string): boolean {
  try {
    const signed = secretKeySigningBytes(machineId, key);
    return verify(null, signed, ed25519PublicKey(publicKey), Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}

/** The key of a machine as the API gives it. */
export interface GivenSecretKey extends SignedSecretKey {
  /** The device's Ed25519 key. */
  publicKey: string;
}

/**
 * The `secretEnv` of a start. The error is a sentence for people: the key is not the one of the
 * machine, or a value cannot be in an environment.
 *
 * @param machineId as the caller knows it, not as the server says. The key is verified against it.
 */
export function sealSecrets(
  machineId: string,
  { publicKey, key, signature }: GivenSecretKey,
  secrets: readonly { name: string; value: Uint8Array }[],
): Result<SecretEnv, string> {
  if (machineIdOf(publicKey) !== machineId || !isSecretKeyOf(machineId, { key, signature }, publicKey)) {
    return err(
      `The server gave a key for secrets that machine ${machineId} has not signed. Nothing was encrypted or sent.`,
    );
  }
  const values: SecretEnv["values"] = [];
  for (const { name, value } of secrets) {
    if (value.length > MAX_SECRET_BYTES) return err(`The secret ${name} has more than ${MAX_SECRET_BYTES} bytes.`);
    if (!isSecretValue(value)) return err(`The secret ${name} is empty, contains a NUL character, or is not UTF-8.`);
    const sealed = sealSecret(machineId, key, { name, value });
    if (sealed === null) return err(`Machine ${machineId} has announced a key that is none.`);
    values.push({ name, sealed });
  }
  return ok({ key, values });
}

/**
 * One value for one variable of one machine, as base64url. Null when `key` is not an X25519 key.
 *
 * @param key raw, base64url. The caller has verified that it is the machine's.
 */
export function sealSecret(
  machineId: string,
  key: string,
  { name, value }: { name: string; value: Uint8Array },
): string | null {
  const sealed = sealTo(Buffer.from(key, "base64url"), secretInfo(machineId, name), value);
  return sealed ? sealed.toString("base64url") : null;
}

export interface OpenedSecret {
  name: string;
  /** The bytes of UTF-8 text without NUL. */
  value: Buffer;
}

/**
 * The secrets of an order. The error is the name of the first one that is not for this device and
 * variable.
 */
export function openSecrets(
  machineId: string,
  secretKey: KeyObject,
  { values }: SecretEnv,
): Result<OpenedSecret[], string> {
  const opened: OpenedSecret[] = [];
  for (const { name, sealed } of values) {
    const bytes = Buffer.from(sealed, "base64url");
    // Base64url has spare bits. Only the text that was sealed is taken, not one that decodes alike.
    const isCanonical = bytes.toString("base64url") === sealed;
    const value = isCanonical ? openSealed(secretKey, secretInfo(machineId, name), bytes) : null;
    if (!value || !isSecretValue(value)) return err(name);
    opened.push({ name, value });
  }
  return ok(opened);
}

/** An environment has only text without NUL. */
export function isSecretValue(value: Uint8Array): boolean {
  if (value.length === 0 || value.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(value);
    return true;
  } catch {
    return false;
  }
}
