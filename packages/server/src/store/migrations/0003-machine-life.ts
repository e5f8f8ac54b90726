import { type Kysely, sql } from "kysely";

/** Operators can name, retire and remove machines, and list and revoke enrollment tokens. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // SQLite adds only one column per statement.
  for (const [name, type] of [
    ["display_name", "text"],
    ["retired_at_ms", "bigint"],
    ["retired_by", "text"],
    ["retire_reason", "text"],
    ["removed_at_ms", "bigint"],
  ] as const) {
    await db.schema.alterTable("machine").addColumn(name, type).execute();
  }
  await sql`create index machine_retired on machine (retired_at_ms) where retired_at_ms is not null`.execute(db);

  await db.schema.alterTable("enrollment_token").addColumn("revoked_at_ms", "bigint").execute();
  await db.schema.alterTable("enrollment_token").addColumn("revoked_by", "text").execute();
  // The machines that a token enrolled, and the time of the last one, are read from their keys.
  await db.schema
    .createIndex("machine_key_enrolled_with")
    .on("machine_key")
    .columns(["enrolled_with", "valid_from_ms"])
    .execute();
}
