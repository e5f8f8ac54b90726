import type { Kysely } from "kysely";

/** The order names the application that asked (docs/decisions/0058-owners-log.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("machine_action").addColumn("application", "text").execute();
}
