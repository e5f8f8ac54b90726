import { type Kysely, sql } from "kysely";

/**
 * One index instead of two, so that the start of an action changes one entry of one page. Its
 * expression is repeated in `store/actions/machine-actions.ts`, because both SQL dialects use an
 * index only for exactly this text. SQLite never used the two old indexes, because it prefers an
 * index on `status` if a query names the status.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex("machine_action_deadline").execute();
  await db.schema.dropIndex("machine_action_bound").execute();
  await sql`create index machine_action_overdue on machine_action
    ((case when deadline_ms is null or bound_ms < deadline_ms then bound_ms else deadline_ms end))
    where final_at_ms is null`.execute(db);
}
