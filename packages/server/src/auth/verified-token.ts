import type { Caller } from "./caller.ts";

export interface IssuedUnder {
  /** Generation of the application's tokens. */
  readonly generation: number;
  /** The secret with which it was requested; null for a key. */
  readonly secretId: string | null;
}

/**
 * The content of a token with a valid signature. Times in Unix milliseconds; the verifier checks
 * them.
 */
export interface VerifiedToken {
  readonly caller: Caller;
  readonly notBeforeMs: number;
  readonly expiresAtMs: number;
  /**
   * Of an own token: the generation and the secret under which it was issued. It is refused when
   * one of them is revoked.
   */
  readonly issuedUnder?: IssuedUnder;
}
