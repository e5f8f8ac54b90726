import { type Kysely, SqliteAdapter, sql } from "kysely";

/** Secrets of actions, and the keys that they are encrypted to (docs/decisions/0053-secrets.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  // Kysely has no transaction around a migration on SQLite. A crash must not leave half of it.
  if (isSqlite) await sql`begin immediate`.execute(db);
  try {
    await db.schema.alterTable("machine").addColumn("secret_key", "text").execute();
    await db.schema.alterTable("machine_action").addColumn("secrets", "text").execute();
    if (isSqlite) await sql`commit`.execute(db);
  } catch (cause) {
    if (isSqlite) await sql`rollback`.execute(db);
    throw cause;
  }
}
