import { type Kysely, sql } from "kysely";

/** Filters compare text in lower case, so the indexes contain it in lower case. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex("machine_action_requestor").execute();
  await sql`create index machine_action_requestor
    on machine_action (lower(requestor), seq, status, created_at_ms)`.execute(db);
  await db.schema.dropIndex("machine_last_ip").execute();
  await sql`create index machine_last_ip on machine (lower(last_ip))`.execute(db);
}
