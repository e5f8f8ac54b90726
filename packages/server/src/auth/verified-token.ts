import type { Caller } from "./caller.ts";

/** What a token with a good signature says. Times in Unix milliseconds; whether they fit is the verifier's question. */
export interface VerifiedToken {
  readonly caller: Caller;
  readonly issuedAtMs: number;
  readonly notBeforeMs: number;
  readonly expiresAtMs: number;
}
