import type { Kysely } from "kysely";

/**
 * What the agent of a machine can do, as its last hello said
 * (docs/decisions/0052-run-as.md).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("machine").addColumn("features", "text").execute();
}
