import { type ColumnBuilderCallback, type Kysely, sql } from "kysely";

/**
 * The space that each result uses or may use, with its machine, so that quotas are checked before
 * bytes arrive.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const required: ColumnBuilderCallback = (column) => column.notNull();

  await db.schema
    .createTable("result_space")
    .addColumn("result_id", "text", (column) => column.primaryKey())
    .addColumn("action_id", "text", required)
    .addColumn("command_index", "integer", required)
    .addColumn("machine_id", "text", required)
    .addColumn("bytes", "bigint", required)
    .addColumn("started_at_ms", "bigint", required)
    .addColumn("touched_at_ms", "bigint", required)
    .addColumn("is_kept", "integer", required)
    .execute();
  await db.schema.createIndex("result_space_action").on("result_space").column("action_id").execute();
  // Sums are read from the index alone.
  await db.schema.createIndex("result_space_machine").on("result_space").columns(["machine_id", "bytes"]).execute();
  await sql`create index result_space_open on result_space (touched_at_ms) where is_kept = 0`.execute(db);

  await sql`insert into result_space
    (result_id, action_id, command_index, machine_id, bytes, started_at_ms, touched_at_ms, is_kept)
    select u.result_id, u.action_id, -1, a.machine_id, u.size_bytes, u.completed_at_ms, u.completed_at_ms, 1
    from result_upload u join machine_action a on a.id = u.action_id`.execute(db);
}
