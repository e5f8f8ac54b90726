import { type Kysely, SqliteAdapter, sql } from "kysely";

/**
 * An action whose start time comes later is not the unfinished action of its machine
 * (docs/decisions/0047-options-of-an-action.md).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  // Kysely has no transaction around a migration on SQLite. A crash must not leave half of it.
  if (isSqlite) await sql`begin immediate`.execute(db);
  try {
    await change(db, isSqlite);
    if (isSqlite) await sql`commit`.execute(db);
  } catch (cause) {
    if (isSqlite) await sql`rollback`.execute(db);
    throw cause;
  }
}

async function change(db: Kysely<unknown>, isSqlite: boolean): Promise<void> {
  await db.schema
    .alterTable("machine_action")
    .addColumn("scheduled_ms", isSqlite ? "integer" : "bigint")
    .execute();
  await db.schema.dropIndex("machine_action_open").execute();
  // The schema itself refuses a second unfinished action of a machine. The expression is repeated
  // in `store/actions/action-literals.ts`: an index is used only for exactly this text.
  await sql`create unique index machine_action_open on machine_action
    (machine_id, (case when status in ('Pending', 'InProgress') and scheduled_ms is null then 0 else seq end))
    where status in ('Pending', 'InProgress') or order_state = 'out'`.execute(db);
}
