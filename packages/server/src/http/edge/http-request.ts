import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Caller } from "../../auth/caller.ts";
import type { LinkTicket } from "../../auth/signatures/link-ticket.ts";
import type { TokenRefusal } from "../../auth/token-refusal.ts";
import type { AddressLimits } from "./admission/address-limits.ts";
import type { MachineRate } from "./admission/machine-rate.ts";
import type { ErrorResponse } from "./http-response.ts";
import type { HttpLimits } from "./limits.ts";
import type { UnfinishedBodies } from "./unfinished-bodies.ts";

/** What every handler knows of its request. */
export interface RequestFacts {
  /** GUID: `target` of an error, `x-request-id` of the response, `requestId` in the log. */
  readonly id: string;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** Decoded, in the letter case of the request. */
  readonly params: Readonly<Record<string, string>>;
  /** Decoded; `+` is a space. Names keep their `$`. */
  readonly query: URLSearchParams;
  /** As sent, without the `?`. */
  readonly rawQuery: string;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
  /** Aborts when the client disconnects before the response is written. */
  readonly signal: AbortSignal;
}

/**
 * How the requests of an operation are counted for each account: not at all; by the limits of most
 * operations; as a start, together with every other start; or together with another operation.
 */
export type RateLimit = "none" | "standard" | "start" | { readonly sharedWith: string };

/** Null when the request is admitted and counted, else its 429. */
export type Throttle = (
  operation: { readonly name: string; readonly rateLimit: RateLimit },
  accountId: string,
) => Promise<ErrorResponse | null>;

/** How the edge finds out who is calling. */
export interface Gate {
  verifyToken(token: string): Promise<Caller | TokenRefusal>;
  /** Null for a ticket that this server did not sign. */
  readTicket(text: string): LinkTicket | null;
  /** False when the connection of the ticket is no longer the machine's current one. */
  isCurrentTicket(ticket: LinkTicket): boolean | Promise<boolean>;
  /** Null when the caller may go on. */
  throttle: Throttle;
  addresses: Pick<AddressLimits, "countAnonymous" | "countForged">;
  machines: Pick<MachineRate, "count">;
}

/** What access rules and body kinds need beyond the facts. */
export interface HttpRequest {
  readonly facts: RequestFacts;
  readonly raw: IncomingMessage;
  readonly gate: Gate;
  readonly limits: HttpLimits;
  readonly unfinishedBodies: UnfinishedBodies;
  /**
   * Tells a client that waits with `Expect: 100-continue` to go on. Called just before a body is
   * read, never for a refused request.
   */
  readonly invite: () => void;
}
