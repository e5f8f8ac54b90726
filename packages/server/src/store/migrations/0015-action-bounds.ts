import { type Kysely, sql } from "kysely";

/**
 * When an action is final at the latest (`domain/actions/action-bound.ts`). Null in older rows
 * until they take a slot again.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ["bound_ms", "bound_until_ms", "bound_latest_ms", "bound_paused_at_ms"]) {
    await db.schema.alterTable("machine_action").addColumn(column, "bigint").execute();
  }
  await sql`create index machine_action_bound on machine_action (bound_ms)
    where status in ('Pending', 'InProgress')`.execute(db);
}
