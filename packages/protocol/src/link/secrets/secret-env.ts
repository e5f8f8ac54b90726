/**
 * Secrets of an action: environment variables of its scripts whose values only the device can read
 * (docs/decisions/0053-secrets.md). `link-crypto/secret-env.ts` encrypts and decrypts them.
 */
import { type Static, Type } from "typebox";

/** Most secrets of one action. */
export const MAX_SECRETS = 32;
/** Most bytes of one value. */
export const MAX_SECRET_BYTES = 16_384;
/** Most bytes of all values of one action. The device's journal keeps them, encrypted. */
export const MAX_ALL_SECRETS_BYTES = 32_768;
/** Shorter values are not removed from the output, because they would occur in it by chance. */
export const MIN_REDACTED_BYTES = 6;

/** An encapsulated key (32) and the tag of AES-GCM (16). */
export const SEAL_BYTES = 48;

const closed = { additionalProperties: false } as const;
/** Raw X25519 key, base64url. */
export const SecretKeyText = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });

const SecretName = Type.String({ maxLength: 128, pattern: "^[A-Za-z_][A-Za-z0-9_]*$" });

export const SecretEnv = Type.Object(
  {
    /** The device's key that the values are encrypted to. */
    key: SecretKeyText,
    values: Type.Array(
      Type.Object(
        {
          name: SecretName,
          /** Encapsulated key and ciphertext of HPKE, base64url. The value is not empty. */
          sealed: Type.String({
            pattern: "^[A-Za-z0-9_-]+$",
            minLength: base64Length(SEAL_BYTES + 1),
            maxLength: base64Length(SEAL_BYTES + MAX_SECRET_BYTES),
          }),
        },
        closed,
      ),
      { minItems: 1, maxItems: MAX_SECRETS },
    ),
  },
  closed,
);
export type SecretEnv = Static<typeof SecretEnv>;

/**
 * The key to which secrets of a device are encrypted. `signature` (base64url) is the one of the
 * device's Ed25519 key over {@link secretKeySigningBytes}.
 */
export const SignedSecretKey = Type.Object(
  { key: SecretKeyText, signature: Type.String({ pattern: "^[A-Za-z0-9_-]{86}$" }) },
  closed,
);
export type SignedSecretKey = Static<typeof SignedSecretKey>;

export const secretKeySigningBytes = (machineId: string, key: string): Uint8Array =>
  new TextEncoder().encode(`halligan-secret-key-v1\n${machineId}\n${key}`);

/** The `info` of HPKE. It binds a sealed value to its machine and variable. `aad` is empty. */
export const secretInfo = (machineId: string, name: string): Uint8Array =>
  new TextEncoder().encode(`halligan-secret-env-v1\n${machineId}\n${name}`);

/** Bytes of the value in a sealed text. */
export const secretBytes = (sealed: string): number => Math.floor((sealed.length * 3) / 4) - SEAL_BYTES;

/** Characters of base64url without padding. */
function base64Length(sizeBytes: number): number {
  return Math.ceil((sizeBytes * 4) / 3);
}
