import { err, ok, type Result } from "@halligan/protocol/errors";
import {
  MAX_ALL_SECRETS_BYTES,
  repeatedSecretName,
  type SecretEnv,
  type SignedSecretKey,
  secretBytes,
  secretNameFault,
} from "@halligan/protocol/link";
import type { DomainError } from "../../errors.ts";

/**
 * The secrets of one action (docs/decisions/0053-secrets.md). The server cannot read them. The
 * ciphertext is dropped when the action is final; the names stay.
 */
export interface ActionSecrets {
  /** The device's key that they are encrypted to. */
  readonly key: string;
  readonly values: readonly { readonly name: string; readonly sealed: string | null }[];
}

/**
 * The secrets of a request; null without. `secretKey`: what the machine's agent announced in its
 * last hello, null when it takes no secrets.
 */
export function readSecrets(
  requested: SecretEnv | undefined,
  { machineId, secretKey, hasScript }: { machineId: string; secretKey: SignedSecretKey | null; hasScript: boolean },
): Result<ActionSecrets | null, DomainError> {
  if (!requested) return ok(null);
  const fault = secretsFault(requested, hasScript);
  if (fault !== null) return err({ code: "InvalidRequestBody", detail: `secretEnv: ${fault}` });
  if (!secretKey) return err({ code: "SecretsNotSupported", machineId });
  if (secretKey.key !== requested.key) return err({ code: "SecretKeyChanged", machineId });
  return ok({ key: requested.key, values: requested.values });
}

function secretsFault({ values }: SecretEnv, hasScript: boolean): string | null {
  if (!hasScript) return "the action has no RunScript that could read it";
  const names = values.map(({ name }) => name);
  for (const name of names) {
    const fault = secretNameFault(name);
    if (fault !== null) return `the variable ${name} ${fault}`;
  }
  const repeated = repeatedSecretName(names);
  if (repeated !== null) return `the variable ${repeated} is given twice`;
  const sizeBytes = values.reduce((sum, { sealed }) => sum + secretBytes(sealed), 0);
  if (sizeBytes <= MAX_ALL_SECRETS_BYTES) return null;
  return `the values have ${sizeBytes} bytes together; the maximum is ${MAX_ALL_SECRETS_BYTES}`;
}

/** The member of the order; undefined without secrets, and when the ciphertext was dropped. */
export function orderedSecrets(secrets: ActionSecrets | null): SecretEnv | undefined {
  if (!secrets) return undefined;
  const values = secrets.values.flatMap(({ name, sealed }) => (sealed === null ? [] : [{ name, sealed }]));
  return values.length === secrets.values.length ? { key: secrets.key, values } : undefined;
}

/** Without the ciphertext, which a final action does not need. */
export const withoutCiphertext = (secrets: ActionSecrets): ActionSecrets => ({
  ...secrets,
  values: secrets.values.map(({ name }) => ({ name, sealed: null })),
});

/** The names, as they are shown and audited; null without secrets. */
export const secretNames = (secrets: ActionSecrets | null): string[] | null =>
  secrets ? secrets.values.map(({ name }) => name) : null;
