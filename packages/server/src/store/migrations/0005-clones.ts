import { type Kysely, sql } from "kysely";

/** What tells a device from its copies (`domain/machines/clone-detection.ts`), as JSON: read and written with its machine only. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("machine").addColumn("continuity", "text").execute();
  // For the metric, which counts them at each scrape.
  await sql`create index machine_quarantined on machine (quarantined) where quarantined = 1`.execute(db);
}
