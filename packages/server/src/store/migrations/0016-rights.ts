import { type ColumnBuilderCallback, type Kysely, sql } from "kysely";

/**
 * The owner, the device groups and the approvals of a library file, the account of an application,
 * and revocation: secrets with an expiry, generations of tokens and result links, blocked callers,
 * quarantine by hand. Columns are nullable or have a default, so that the previous release can
 * write rows meanwhile.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const required: ColumnBuilderCallback = (column) => column.notNull();
  const counter: ColumnBuilderCallback = (column) => column.notNull().defaultTo(0);

  for (const column of ["owner_id", "owner_account_id", "device_groups"]) {
    await db.schema.alterTable("library_file").addColumn(column, "text").execute();
  }
  await db.schema.createIndex("library_file_sha256").on("library_file").column("sha256").execute();
  await db.schema
    .createTable("library_approval")
    .addColumn("sha256", "text", required)
    .addColumn("account_id", "text", required)
    .addColumn("approved_by", "text", required)
    .addColumn("approved_at_ms", "bigint", required)
    .addPrimaryKeyConstraint("library_approval_key", ["sha256", "account_id"])
    .execute();
  await db.schema
    .createTable("blocked_caller")
    .addColumn("caller_id", "text", (column) => column.primaryKey())
    .addColumn("maker", "text", (column) => column.notNull().unique())
    .addColumn("blocked_by", "text", required)
    .addColumn("blocked_at_ms", "bigint", required)
    .addColumn("reason", "text", required)
    .execute();
  await db.schema.alterTable("machine").addColumn("quarantine_reason", "text").execute();
  await db.schema.alterTable("application").addColumn("owner_id", "text").execute();
  await db.schema.alterTable("application").addColumn("token_generation", "integer", counter).execute();
  await db.schema.alterTable("device_group").addColumn("open_to_users", "integer").execute();
  await db.schema.alterTable("machine_action").addColumn("link_generation", "integer", counter).execute();
  await db.schema
    .createTable("application_secret")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("client_id", "text", required)
    .addColumn("sha256", "text", required)
    .addColumn("created_at_ms", "bigint", required)
    .addColumn("expires_at_ms", "bigint")
    .execute();
  await db.schema.createIndex("application_secret_client").on("application_secret").column("client_id").execute();

  // The owner of a file is the caller in the audit record of its upload, found by its time. A file
  // without such a record can only be changed with `Halligan.Library.Override`.
  await sql`update library_file set owner_id = (
    select max(found.actor_id) from (
      select f.seq as seq, a.actor_id as actor_id from audit a
      join library_file f on f.updated_at_ms = a.at_ms and f.updated_by = a.actor
      where a.operation in ('AddLibraryFile', 'UploadLibraryFile', 'PutLibraryFile')
    ) found where found.seq = library_file.seq)`.execute(db);
  // Until now an administrator could give itself every permission. At least one caller must be able
  // to grant the new ones.
  await sql`update application set roles = replace(roles, '"Halligan.Admin"',
    '"Halligan.Admin","Halligan.Library.Override","Halligan.Library.Approve"')
    where roles like '%"Halligan.Admin"%'`.execute(db);
  // The default group of a new deployment is closed to users. An existing group stays unchanged.
  await sql`update device_group set open_to_users = 0 where id = 0
    and not exists (select 1 from application) and not exists (select 1 from machine)`.execute(db);
}
