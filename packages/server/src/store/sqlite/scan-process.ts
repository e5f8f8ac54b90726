import { err, ok } from "@halligan/protocol/errors";
import Database from "better-sqlite3";
import type { Scan, ScanResponse } from "./scan-pool.ts";

/**
 * A process with a read-only connection that answers one query after another. See `scan-pool.ts`.
 */
const database = new Database(process.argv[2] ?? "", { readonly: true });
database.pragma("query_only = ON");

process.on("message", ({ id, sql, values }: Scan) => {
  let rows: ScanResponse["rows"];
  try {
    rows = ok(JSON.stringify(database.prepare(sql).all(...values)));
  } catch (cause) {
    rows = err(cause instanceof Error ? cause.message : String(cause));
  }
  const answer: ScanResponse = { id, rows };
  process.send?.(answer);
});
// The server has ended. Signals for the whole process group are handled by the server alone.
process.once("disconnect", () => process.exit());
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
