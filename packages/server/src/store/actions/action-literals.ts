import { sql } from "kysely";

/**
 * Written out instead of bound: SQLite uses a partial index only for a condition that it can read,
 * and it prepares a statement again for each binding that such a choice could depend on
 * (`unfinishedOf`: 12 microseconds bound, 0.7 written out).
 */
export const UNFINISHED = [sql.lit("Pending"), sql.lit("InProgress")];
export const OUT = sql.lit("out");
export const LIVE_RESPONSE = sql.lit("LiveResponse");
