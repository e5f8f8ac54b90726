import type { DomainError } from "../../../domain/errors.ts";

export type ErrorByCode = { readonly [E in DomainError as E["code"]]: E };

interface WireRow<E> {
  readonly status: number;
  readonly code: string;
  readonly message: (error: E) => string;
  /** Sent as `Retry-After`, in whole seconds. */
  readonly retryAfterMs?: (error: E) => number;
}

/** How refusals of the domain look on the wire. */
export type WireErrors = { readonly [C in keyof ErrorByCode]: WireRow<ErrorByCode[C]> };
