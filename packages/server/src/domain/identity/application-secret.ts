/** A secret with which an application signs in. Its value is known to the application alone. */
export interface ApplicationSecret {
  id: string;
  sha256: string;
  createdAtMs: number;
  /** Null for one without an end. */
  expiresAtMs: number | null;
}

/** Room for a rotation on several installations at once, and a bound on what a sign-in compares. */
export const MAX_SECRETS = 10;

export const isSecretUsable = ({ expiresAtMs }: Pick<ApplicationSecret, "expiresAtMs">, nowMs: number): boolean =>
  expiresAtMs === null || nowMs < expiresAtMs;
