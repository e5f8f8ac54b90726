/** A secret with which an application signs in. Only the application knows its value. */
export interface ApplicationSecret {
  id: string;
  sha256: string;
  createdAtMs: number;
  /** Null for a secret without an expiry. */
  expiresAtMs: number | null;
}

/**
 * Allows a rotation on several installations at once, and bounds the number of hashes that a
 * sign-in compares.
 */
export const MAX_SECRETS = 10;

export const isSecretUsable = ({ expiresAtMs }: Pick<ApplicationSecret, "expiresAtMs">, nowMs: number): boolean =>
  expiresAtMs === null || nowMs < expiresAtMs;
