import { DatabaseError } from "pg";
import { CommitInDoubt, StoreUnavailable } from "../store-unavailable.ts";
import { VersionConflict } from "../version-conflict.ts";

/** The connection broke before the commit was asked for: nothing of the transaction is kept. */
export class ConnectionLost extends Error {
  /** It did not break but went silent: another one would most likely do the same, and the wait has been long already. */
  readonly isSilence: boolean;

  constructor(isSilence: boolean, options: ErrorOptions) {
    super("the connection to the database broke", options);
    this.isSilence = isSilence;
  }
}
/** The connection broke while the commit was under way: it may have been made. Never repeated by itself. */
export class CommitUnknown extends Error {}

/**
 * How often a unit of work is tried when it ends in `cause`. A lost race comes right within as many tries as there are racers at most;
 * a row that is there, or gone, already is seen by the second look at the latest, unless the work does not look. A connection of the
 * pool may be dead since the server's restart: once more with another one.
 */
export function triesFor(cause: unknown): number {
  if (cause instanceof VersionConflict) return 12;
  if (cause instanceof ConnectionLost) return cause.isSilence ? 1 : 3;
  if (!(cause instanceof DatabaseError)) return 1;
  switch (cause.code) {
    case "40001": // serialization_failure
    case "40P01": // deadlock_detected
    case "0A000": // feature_not_supported: an outdated plan, on each connection once
      return 12;
    case "23505": // unique_violation
    case "23503": // foreign_key_violation
      return 4;
    default:
      return 1;
  }
}

/** What the store's callers see of `cause`. */
export function storeError(cause: unknown): unknown {
  if (cause instanceof CommitUnknown) {
    return new CommitInDoubt("the database went away during a commit; whether it was made is unknown", { cause });
  }
  const isAway = cause instanceof ConnectionLost || isConnectionFailure(cause) || isServerAway(cause);
  return isAway ? new StoreUnavailable("the database does not answer", { cause }) : cause;
}

/** Errors of the server that end the connection: what it was doing, it may have done. */
export const endsConnection = (cause: unknown): boolean =>
  cause instanceof DatabaseError && /^(?:08|57P0)/.test(cause.code ?? "");

/** What a compare and set ends in that another one came before (`PlannedStatements.planOne`). No other statement divides. */
export const isOtherThanOneChanged = (cause: unknown): boolean =>
  cause instanceof DatabaseError && cause.code === "22012";

/** The schema was migrated under a prepared statement, whose columns are others now. */
export const isPlanOutdated = (cause: unknown): boolean =>
  cause instanceof DatabaseError && cause.code === "0A000" && /cached plan/.test(cause.message);

/**
 * Down, starting, full, a standby, out of disk or memory, or too slow (57014: our own time limit; 55P03: a lock's).
 */
const isServerAway = (cause: unknown): boolean =>
  cause instanceof DatabaseError && /^(?:08|53|57P0|57014|55P03|25006)/.test(cause.code ?? "");

const SYSTEM_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  // No socket file, as long as the server is down.
  "ENOENT",
]);

/** pg has no codes for its own ones. */
const PG_MESSAGES =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded|timeout expired|Query read timeout)/;

/** Neither an answer of the server nor an error of ours. */
export function isConnectionFailure(cause: unknown): boolean {
  if (!(cause instanceof Error) || cause instanceof DatabaseError) return false;
  const code = "code" in cause ? cause.code : undefined;
  return (typeof code === "string" && SYSTEM_CODES.has(code)) || PG_MESSAGES.test(cause.message);
}
