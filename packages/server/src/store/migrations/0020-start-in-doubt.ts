import type { Kysely } from "kysely";

/** A start is granted before it is recorded (docs/decisions/0007-a-start-is-granted.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("machine_action").addColumn("order_start_in_doubt", "text").execute();
}
