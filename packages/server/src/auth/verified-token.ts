import type { Caller } from "./caller.ts";

export interface IssuedUnder {
  /** Of the application's tokens. */
  readonly generation: number;
  /** The secret that it was asked for with; null for a key. */
  readonly secretId: string | null;
}

/** What a token with a good signature says. Times in Unix milliseconds; whether they fit is the verifier's question. */
export interface VerifiedToken {
  readonly caller: Caller;
  readonly notBeforeMs: number;
  readonly expiresAtMs: number;
  /** Of a token of our own: what it was issued under, to be refused when that is taken back. */
  readonly issuedUnder?: IssuedUnder;
}
