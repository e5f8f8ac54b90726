/** How `halligan-server` ends when it could not start, back up or reset: its text and exit code. */
import { errorCode } from "@halligan/protocol/errors";
import { BlobStoreNotOpenedError } from "../blobs/blob-credentials.ts";
import { UsageError } from "../config/arguments.ts";
import { ConfigError } from "../config/config.ts";
import { NodeContradictionError } from "../service/cluster/node-lease.ts";

/** Those of the command line (docs/decisions/0024-exit-codes.md). */
const EXIT = { failed: 1, usage: 64, configuration: 78 } as const;

export function exitCodeOf(cause: unknown): number {
  if (cause instanceof UsageError) return EXIT.usage;
  return cause instanceof ConfigError ? EXIT.configuration : EXIT.failed;
}

export function explainFailure(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause instanceof ConfigError) return cause.message;
  if (cause instanceof BlobStoreNotOpenedError) return cause.message;
  if (cause instanceof NodeContradictionError) return `it cannot run together with the other node: ${cause.message}`;
  if (codesOf(cause).includes("EADDRINUSE")) {
    return "the address is in use already; set another one with HALLIGAN_LISTEN or --listen";
  }
  const reason = cause.cause instanceof Error ? `: ${cause.cause.message}` : "";
  const remedy = codesOf(cause).some((code) => code.startsWith("SQLITE_BUSY"))
    ? ". Another program has halligan.db of the data folder open for writing, for example sqlite3 or a backup: end it " +
      "and try again. A running server is copied with: halligan-server backup DIR"
    : "";
  return `${cause.message}${reason}${remedy}`;
}

/** Of an error and its cause. */
function codesOf(error: Error): string[] {
  return [error, error.cause].map(errorCode).filter((code) => code !== null);
}
