import { type ColumnBuilderCallback, type Kysely, sql } from "kysely";

/**
 * Values that several nodes on one database share, and two times of an action that no other column
 * holds.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const required: ColumnBuilderCallback = (column) => column.notNull();

  await db.schema
    .createTable("node")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("beat", "bigint", required)
    .addColumn("facts", "text", required)
    .execute();

  await db.schema.alterTable("machine").addColumn("node_id", "text").execute();
  await sql`update machine set node_id = '' where linked = 1`.execute(db);
  await sql`create index machine_node on machine (node_id) where linked = 1`.execute(db);

  // SQLite adds only one column per statement.
  await db.schema.alterTable("machine_action").addColumn("order_sent_at_ms", "bigint").execute();
  await db.schema.alterTable("machine_action").addColumn("final_at_ms", "bigint").execute();

  await db.schema
    .createTable("request_window")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("admitted", "text", required)
    .addColumn("until_ms", "bigint", required)
    .addColumn("version", "bigint", required)
    .execute();

  await db.schema
    .createTable("used_assertion")
    .addColumn("client_id", "text", required)
    .addColumn("digest", "text", required)
    .addColumn("until_ms", "bigint", required)
    .addPrimaryKeyConstraint("used_assertion_key", ["client_id", "digest"])
    .execute();
}
