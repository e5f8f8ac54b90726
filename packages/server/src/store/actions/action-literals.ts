import { type SqlBool, sql } from "kysely";

/**
 * Written out instead of bound: SQLite uses a partial index only for a condition that it can read,
 * and it prepares a statement again for each binding that such a choice could depend on
 * (`unfinishedOf`: 12 microseconds bound, 0.7 written out).
 */
export const UNFINISHED = [sql.lit("Pending"), sql.lit("InProgress")];
export const OUT = sql.lit("out");
export const WITHOUT_SLOT = sql.lit(0);
export const WITH_SLOT = sql.lit(1);

/** The second column of `machine_action_open`: must have the text of migration 0024. */
const OPEN_KEY = sql<number>`(case when status in ('Pending', 'InProgress') and scheduled_ms is null then 0 else seq end)`;

/**
 * For conditions together with the machine. The key makes SQLite search `machine_action_open` and
 * not the machine's whole history.
 */
export const IS_UNFINISHED = sql<SqlBool>`status in ('Pending', 'InProgress') and ${OPEN_KEY} = 0`;
export const IS_SCHEDULED = sql<SqlBool>`status in ('Pending', 'InProgress') and scheduled_ms is not null and ${OPEN_KEY} >= 0`;
export const IS_OUT = sql<SqlBool>`order_state = 'out' and ${OPEN_KEY} >= 0`;
