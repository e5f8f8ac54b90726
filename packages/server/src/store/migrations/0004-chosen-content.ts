import { type ColumnBuilderCallback, type Kysely, sql } from "kysely";

/** Bytes that callers upload for actions without a library name, and the options of an action. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const required: ColumnBuilderCallback = (column) => column.notNull();

  await db.schema
    .createTable("staged_content")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("owner_id", "text", required)
    .addColumn("sha256", "text", required)
    .addColumn("size_bytes", "bigint", required)
    .addColumn("state", "text", required)
    .addColumn("uses", "bigint", required)
    .addColumn("expires_at_ms", "bigint", required)
    .execute();
  await sql`create unique index staged_content_staged on staged_content (owner_id, sha256)
    where state = 'staged'`.execute(db);
  await sql`create index staged_content_unused on staged_content (owner_id) where uses = 0`.execute(db);
  await sql`create index staged_content_expiry on staged_content (expires_at_ms) where uses = 0`.execute(db);

  await db.schema.alterTable("machine_action").addColumn("options", "text").execute();
}
