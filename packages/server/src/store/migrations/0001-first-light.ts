import { type ColumnBuilderCallback, type Kysely, sql } from "kysely";

/**
 * Migrations are numbered files that are never edited after a release. `seq` columns are 64-bit and
 * grow with every row in both SQL dialects.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const seq: ColumnBuilderCallback = (column) => column.primaryKey().autoIncrement();
  const required: ColumnBuilderCallback = (column) => column.notNull();

  await db.schema
    .createTable("meta")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("value", "text", required)
    .execute();

  await db.schema
    .createTable("device_group")
    .addColumn("id", "integer", seq)
    .addColumn("name", "text", (column) => column.notNull().unique())
    .addColumn("remediation_level", "text", required)
    .addColumn("users", "text", required)
    .addColumn("user_groups", "text", required)
    .execute();
  // Ungrouped machines: rbacGroupId 0, open to all users, with the full level
  // (docs/contract/http-api.md#machines).
  await sql`insert into device_group (id, name, remediation_level, users, user_groups)
    values (0, 'UnassignedGroup', 'full', '[]', '[]')`.execute(db);

  await db.schema
    .createTable("machine")
    .addColumn("seq", "integer", seq)
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("computer_dns_name", "text", required)
    .addColumn("facts", "text", required)
    .addColumn("tags", "text", required)
    .addColumn("first_seen_ms", "bigint", required)
    .addColumn("last_seen_ms", "bigint", required)
    .addColumn("last_external_ip", "text")
    .addColumn("linked", "integer", required)
    .addColumn("link_epoch", "bigint", required)
    .addColumn("journal_id", "text")
    .addColumn("last_order_seq", "bigint", required)
    .addColumn("quarantined", "integer", required)
    .addColumn("group_id", "bigint", (column) => column.notNull().references("device_group.id"))
    .addColumn("last_ip", "text")
    .addColumn("os_platform", "text", required)
    .addColumn("version", "text")
    .addColumn("os_version", "text")
    .addColumn("os_build", "bigint")
    .addColumn("os_architecture", "text", required)
    .addColumn("os_processor", "text")
    .addColumn("agent_version", "text", required)
    .execute();
  await db.schema.createIndex("machine_name").on("machine").expression(sql`lower(computer_dns_name)`).execute();
  await db.schema.createIndex("machine_last_ip").on("machine").column("last_ip").execute();
  await db.schema
    .createIndex("machine_linked")
    .on("machine")
    .column("linked")
    .where(sql.ref("linked"), "=", 1)
    .execute();

  await db.schema
    .createTable("machine_key")
    .addColumn("machine_id", "text", (column) => column.notNull().references("machine.id"))
    .addColumn("public_key", "text", (column) => column.primaryKey())
    .addColumn("valid_from_ms", "bigint", required)
    .addColumn("valid_until_ms", "bigint")
    .addColumn("enrolled_with", "text", required)
    .execute();
  await db.schema.createIndex("machine_key_machine").on("machine_key").column("machine_id").execute();

  await db.schema
    .createTable("machine_action")
    .addColumn("seq", "integer", seq)
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("machine_id", "text", (column) => column.notNull().references("machine.id"))
    .addColumn("computer_dns_name", "text", required)
    .addColumn("type", "text", required)
    .addColumn("status", "text", required)
    .addColumn("requestor", "text", required)
    .addColumn("requestor_id", "text", required)
    .addColumn("comment", "text", required)
    .addColumn("created_at_ms", "bigint", required)
    .addColumn("updated_at_ms", "bigint", required)
    .addColumn("deadline_ms", "bigint")
    .addColumn("cancellation", "text")
    .addColumn("error_hresult", "integer", required)
    .addColumn("commands", "text", required)
    .addColumn("order_seq", "bigint")
    .addColumn("order_state", "text")
    .addColumn("order_journal_id", "text")
    .addColumn("order_link_epoch", "bigint")
    .addColumn("order_claimed_at_ms", "bigint")
    .addColumn("holds_place", "integer", required)
    .addColumn("place_until_ms", "bigint")
    .addColumn("keeps_results", "integer", required)
    .addColumn("version", "integer", required)
    .execute();
  // The schema itself refuses a second unfinished action of a machine, even if the code above it
  // has a bug.
  await sql`create unique index machine_action_unfinished on machine_action (machine_id)
    where type = 'LiveResponse' and status in ('Pending', 'InProgress')`.execute(db);
  await sql`create index machine_action_order_out on machine_action (machine_id) where order_state = 'out'`.execute(db);
  await sql`create index machine_action_deadline on machine_action (deadline_ms)
    where status in ('Pending', 'InProgress')`.execute(db);
  await sql`create index machine_action_place on machine_action (holds_place, seq)
    where status in ('Pending', 'InProgress')`.execute(db);
  await sql`create index machine_action_results on machine_action (updated_at_ms) where keeps_results = 1`.execute(db);
  // The columns that lists search by. Each index also contains the columns that are filtered and
  // sorted with it, so that most pages are found without reading a row.
  for (const [name, columns] of [
    ["machine_action_machine", ["machine_id", "seq", "status", "created_at_ms"]],
    ["machine_action_status", ["status", "seq", "created_at_ms"]],
    ["machine_action_requestor", ["requestor", "seq", "status", "created_at_ms"]],
    ["machine_action_created", ["created_at_ms", "seq", "status"]],
  ] as const) {
    await db.schema
      .createIndex(name)
      .on("machine_action")
      .columns([...columns])
      .execute();
  }

  await db.schema
    .createTable("inline_result")
    .addColumn("action_id", "text", required)
    .addColumn("command_index", "integer", required)
    .addColumn("content", "blob", required)
    .addPrimaryKeyConstraint("inline_result_key", ["action_id", "command_index"])
    .execute();

  await db.schema
    .createTable("result_upload")
    .addColumn("result_id", "text", (column) => column.primaryKey())
    .addColumn("action_id", "text", required)
    .addColumn("size_bytes", "bigint", required)
    .addColumn("sha256", "text", required)
    .addColumn("completed_at_ms", "bigint", required)
    .execute();
  await db.schema.createIndex("result_upload_action").on("result_upload").column("action_id").execute();

  await db.schema
    .createTable("library_file")
    .addColumn("seq", "integer", seq)
    .addColumn("file_name", "text", required)
    .addColumn("sha256", "text", required)
    .addColumn("size_bytes", "bigint", required)
    .addColumn("description", "text")
    .addColumn("has_parameters", "integer", required)
    .addColumn("parameters_description", "text")
    .addColumn("created_by", "text", required)
    .addColumn("created_at_ms", "bigint", required)
    .addColumn("updated_by", "text", required)
    .addColumn("updated_at_ms", "bigint", required)
    .addColumn("ended_at_ms", "bigint")
    .execute();
  await sql`create unique index library_file_present on library_file (file_name) where ended_at_ms is null`.execute(db);

  await db.schema
    .createTable("application")
    .addColumn("client_id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", required)
    .addColumn("secret_sha256", "text", required)
    .addColumn("roles", "text", required)
    .addColumn("keys", "text", required)
    .addColumn("created_at_ms", "bigint", required)
    .addColumn("removed_at_ms", "bigint")
    .execute();

  await db.schema
    .createTable("enrollment_token")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("token_sha256", "text", (column) => column.notNull().unique())
    .addColumn("uses", "integer", required)
    .addColumn("uses_left", "integer", required)
    .addColumn("expires_at_ms", "bigint", required)
    .addColumn("created_by", "text", required)
    .addColumn("created_at_ms", "bigint", required)
    .execute();

  await db.schema
    .createTable("audit")
    .addColumn("seq", "integer", seq)
    .addColumn("at_ms", "bigint", required)
    .addColumn("actor", "text", required)
    .addColumn("actor_id", "text", required)
    .addColumn("operation", "text", required)
    .addColumn("machine_id", "text")
    .addColumn("action_id", "text")
    .addColumn("detail", "text", required)
    .execute();
  await db.schema.createIndex("audit_machine").on("audit").columns(["machine_id", "seq"]).execute();
  await db.schema.createIndex("audit_action").on("audit").columns(["action_id", "seq"]).execute();
}
