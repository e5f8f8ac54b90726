import type { Kysely } from "kysely";

/**
 * The state of the content of a replaced or deleted library file: null while it exists, `removing`
 * or `removed`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("library_file").addColumn("content_state", "text").execute();
}
