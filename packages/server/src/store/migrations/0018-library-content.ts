import type { Kysely } from "kysely";

/** Whether the content of a replaced or deleted library file is still there: null, `removing` or `removed`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("library_file").addColumn("content_state", "text").execute();
}
