import { type Kysely, sql } from "kysely";

/**
 * The facts that distinguish a device from its copies (`domain/machines/clone-detection.ts`), as
 * JSON, because they are read and written only with their machine.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("machine").addColumn("continuity", "text").execute();
  // For the metric, which counts the machines in quarantine at each scrape.
  await sql`create index machine_quarantined on machine (quarantined) where quarantined = 1`.execute(db);
}
