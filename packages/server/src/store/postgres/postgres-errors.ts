import { errorCode } from "@halligan/protocol/errors";
import { DatabaseError } from "pg";
import { CommitInDoubtError, StoreUnavailableError } from "../store-unavailable-error.ts";
import { VersionConflictError } from "../version-conflict-error.ts";

/** The connection broke before the commit was asked for: nothing of the transaction is kept. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";

  /**
   * It did not break but went silent: another one would most likely do the same, and the wait has
   * been long already.
   */
  readonly isSilence: boolean;

  constructor(isSilence: boolean, options: ErrorOptions) {
    super("the connection to the database broke", options);
    this.isSilence = isSilence;
  }
}
/**
 * The connection broke while the commit was under way: it may have been made. Never repeated by
 * itself.
 */
export class CommitUnknownError extends Error {
  override readonly name = "CommitUnknownError";
}

/**
 * How often a unit of work is attempted when it ends in `cause`. After a lost race it succeeds at
 * the latest with as many attempts as there are competing units. If a row exists already, or is
 * gone, the second attempt sees it, unless the work does not read it. A pooled connection may be
 * dead since a restart of the server: one more attempt uses another connection.
 */
export function attemptsFor(cause: unknown): number {
  if (cause instanceof VersionConflictError) return 12;
  if (cause instanceof ConnectionLostError) return cause.isSilence ? 1 : 3;
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
  const isAway = cause instanceof ConnectionLostError || isConnectionFailure(cause) || isServerAway(cause);
  return isAway ? new StoreUnavailableError("the database does not answer", { cause }) : cause;
}

/** Errors of the server that end the connection. The running statement may have been executed. */
export const endsConnection = (cause: unknown): boolean =>
  cause instanceof DatabaseError && /^(?:08|57P0)/.test(cause.code ?? "");

/**
 * The error of a compare and set that lost a race (`PlannedStatements.planOne`). No other statement
 * divides.
 */
export const isOtherThanOneChanged = (cause: unknown): boolean =>
  cause instanceof DatabaseError && cause.code === "22012";

/** The schema was migrated, so a prepared statement has different columns now. */
export const isPlanOutdated = (cause: unknown): boolean =>
  cause instanceof DatabaseError && cause.code === "0A000" && /cached plan/.test(cause.message);

/**
 * The server is down, starting, full, a standby, out of disk or memory, or too slow (57014: our own
 * time limit; 55P03: that of a lock).
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
