import { errorCode } from "@halligan/protocol/errors";
import { DatabaseError } from "pg";
import { CommitInDoubtError, StoreUnavailableError } from "../store-unavailable-error.ts";
import { VersionConflictError } from "../version-conflict-error.ts";

/** The connection broke before the commit was sent, so the transaction has no effect. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";

  /**
   * The connection did not break; the database did not respond in time. Not retried: another
   * connection would probably wait as long.
   */
  readonly hasTimedOut: boolean;

  constructor(isSilence: boolean, options: ErrorOptions) {
    super("the connection to the database broke", options);
    this.hasTimedOut = isSilence;
  }
}
/**
 * The connection broke after the commit was sent, so the commit is in doubt. Never repeated
 * automatically.
 */
export class CommitUnknownError extends Error {
  override readonly name = "CommitUnknownError";
}

/**
 * Most attempts of a unit of work that fails with `cause`. Each lost race means that another unit
 * succeeded, so the number of competing units bounds the attempts. After a violated key, the second
 * attempt usually reads the row that the first one did not see. Pooled connections may be broken
 * since a restart of the server; a further attempt uses another connection.
 */
export function attemptsFor(cause: unknown): number {
  if (cause instanceof VersionConflictError) return 12;
  if (cause instanceof ConnectionLostError) return cause.hasTimedOut ? 1 : 3;
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

/** The error that the store's callers get for `cause`. */
export function storeError(cause: unknown): unknown {
  if (cause instanceof CommitUnknownError) {
    return new CommitInDoubtError("the connection to the database broke during a commit; its outcome is unknown", {
      cause,
    });
  }
  const isUnavailable =
    cause instanceof ConnectionLostError || isConnectionFailure(cause) || isServerUnavailable(cause);
  return isUnavailable ? new StoreUnavailableError("the database does not answer", { cause }) : cause;
}

/** Errors of the server that end the connection. The running statement may have been executed. */
export const endsConnection = (cause: unknown): boolean =>
  cause instanceof DatabaseError && /^(?:08|57P0)/.test(cause.code ?? "");

/**
 * The error of a compare and set that lost a race: see `PlannedStatements`. No other statement
 * divides.
 */
export const isCompareAndSetConflict = (cause: unknown): boolean =>
  cause instanceof DatabaseError && cause.code === "22012";

/** The schema was migrated, so a prepared statement has different columns now. */
export const isPlanOutdated = (cause: unknown): boolean =>
  cause instanceof DatabaseError && cause.code === "0A000" && /cached plan/.test(cause.message);

/**
 * The server is down, starting, full, a standby, out of disk or memory, or too slow (57014: our own
 * time limit; 55P03: that of a lock).
 */
const isServerUnavailable = (cause: unknown): boolean =>
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
  // The socket file is missing while the server is down.
  "ENOENT",
]);

/** pg has no codes for its own errors. */
const PG_MESSAGES =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded|timeout expired|Query read timeout)/;

/** Neither a response of the server nor an error of this program. */
export function isConnectionFailure(cause: unknown): boolean {
  if (!(cause instanceof Error) || cause instanceof DatabaseError) return false;
  const code = errorCode(cause);
  return (code !== null && SYSTEM_CODES.has(code)) || PG_MESSAGES.test(cause.message);
}
