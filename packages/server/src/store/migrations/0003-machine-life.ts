import { type Kysely, sql } from "kysely";

/**
 * Machines get a name of their operator's choice, are retired and removed; enrollment tokens are
 * listed and revoked.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // One column a statement: SQLite takes no more.
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
  // Which machines a token enrolled, and when last, is read from their keys.
  await db.schema
    .createIndex("machine_key_enrolled_with")
    .on("machine_key")
    .columns(["enrolled_with", "valid_from_ms"])
    .execute();
}
