import Database from "better-sqlite3";
import { isOnFile, type SystemCall, writtenBy } from "./system-calls.ts";

/** https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
const FRAME_HEADER_BYTES = 24;
const PAGE_BYTES = 4_096;
export const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES;

/** One transaction that was written to the log. */
export interface WalCommit {
  /** When its last page's header was written. The fsync that makes it durable follows. */
  readonly atMs: number;
  readonly pages: readonly number[];
}

/**
 * SQLite writes the header of each frame on its own: the number of the page, and in the last frame
 * of a transaction the size of the database, which is 0 in the others.
 */
export function walCommits(calls: readonly SystemCall[]): WalCommit[] {
  const commits: WalCommit[] = [];
  let pages: number[] = [];
  for (const call of calls) {
    const written = isOnFile(call, ".db-wal") ? writtenBy(call) : null;
    if (written?.sizeBytes !== FRAME_HEADER_BYTES) continue;
    pages.push(written.firstBytes.readUInt32BE(0));
    if (written.firstBytes.readUInt32BE(4) === 0) continue;
    commits.push({ atMs: call.begunMs, pages });
    pages = [];
  }
  return commits;
}

export interface Btree {
  readonly name: string;
  /** The table of an index, and of a table itself. */
  readonly table: string;
}

/** Whose page each page of a database is now. Pages that are free now have no entry. */
export function btreesByPage(file: string): Map<number, Btree> {
  const database = new Database(file, { readonly: true });
  try {
    const rows = database
      .prepare<[], Btree & { page: number }>(
        "select pageno as page, d.name, coalesce(s.tbl_name, d.name) as 'table' from dbstat d left join sqlite_schema s on s.name = d.name",
      )
      .all();
    return new Map(rows.map(({ page, ...btree }) => [page, btree]));
  } finally {
    database.close();
  }
}
