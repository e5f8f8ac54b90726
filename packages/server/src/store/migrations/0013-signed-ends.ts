import type { ColumnBuilderCallback, Kysely } from "kysely";

/**
 * What devices of link version 2 signed about the ends of commands. Older ends have no signature.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const required: ColumnBuilderCallback = (column) => column.notNull();
  await db.schema
    .createTable("signed_end")
    .addColumn("action_id", "text", required)
    .addColumn("command_index", "integer", required)
    .addColumn("payload", "text", required)
    .addColumn("signature", "text", required)
    .addColumn("public_key", "text", required)
    .addPrimaryKeyConstraint("signed_end_pk", ["action_id", "command_index"])
    .execute();
}
