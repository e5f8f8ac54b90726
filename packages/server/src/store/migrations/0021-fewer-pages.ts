import { type Kysely, SqliteAdapter, sql } from "kysely";

/**
 * An action changes fewer pages (docs/decisions/0017-fewer-pages.md): indexes without columns that
 * change, one row for each end of a command, and no row of `sqlite_sequence` for the two tables
 * that grow with each action.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  // Kysely has no transaction around a migration on SQLite. A crash must not leave half a copy.
  if (isSqlite) await sql`begin immediate`.execute(db);
  try {
    await change(db, isSqlite);
    if (isSqlite) await sql`commit`.execute(db);
  } catch (cause) {
    if (isSqlite) await sql`rollback`.execute(db);
    throw cause;
  }
}

const DROPPED = [
  "machine_action_unfinished",
  "machine_action_order_out",
  "machine_action_place",
  "machine_action_overdue",
  "machine_action_machine",
  "machine_action_requestor",
  "machine_action_created",
  "audit_machine",
  "audit_action",
];

async function change(db: Kysely<unknown>, isSqlite: boolean): Promise<void> {
  await db.schema
    .createTable("removed_action")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("machine_id", "text", (column) => column.notNull())
    .execute();
  await sql`insert into removed_action (id, machine_id)
    select action_id, max(machine_id) from audit
    where machine_id is not null and action_id is not null
    and action_id not in (select id from machine_action) group by action_id`.execute(db);

  for (const name of DROPPED) await db.schema.dropIndex(name).execute();
  if (isSqlite) {
    await sql`insert into meta (key, value)
      select 'lastRemovedAction', cast(seq as text) from sqlite_sequence where name = 'machine_action'`.execute(db);
    await withoutSequenceRow(db, "machine_action");
    await withoutSequenceRow(db, "audit");
  }

  // The schema itself refuses a second unfinished action of a machine, even if the code above it
  // has a bug. The expressions of this index and of the next one are repeated in `store/actions/`,
  // because both SQL dialects use an index only for exactly this text.
  await sql`create unique index machine_action_open on machine_action
    (machine_id, (case when status in ('Pending', 'InProgress') then 0 else seq end))
    where status in ('Pending', 'InProgress') or order_state = 'out'`.execute(db);
  await sql`create index machine_action_slot on machine_action (holds_place,
    (case when deadline_ms is null or bound_ms < deadline_ms then bound_ms else deadline_ms end))
    where status in ('Pending', 'InProgress')`.execute(db);
  // An action of a connected machine has a slot from its first commit on, and no entry here.
  await sql`create index machine_action_waiting on machine_action (holds_place, seq)
    where holds_place = 0 and status in ('Pending', 'InProgress')`.execute(db);
  // Lists that also filter by status read the rows. With the status in these three indexes, each
  // change of it wrote three more pages.
  await sql`create index machine_action_machine on machine_action (machine_id, seq, created_at_ms)`.execute(db);
  await sql`create index machine_action_requestor
    on machine_action (lower(requestor), seq, created_at_ms)`.execute(db);
  await sql`create index machine_action_created on machine_action (created_at_ms, seq)`.execute(db);
  // The records of an action are found among those of its machine: see `administration/audit.ts`.
  await sql`create index audit_machine on audit (machine_id, seq)`.execute(db);

  // Its key is computed from the sequence of the action, so that it needs no second tree.
  await db.schema
    .createTable("command_end")
    .addColumn("key", isSqlite ? "integer" : "bigint", (column) => column.primaryKey())
    .addColumn("content", "blob")
    .addColumn("payload", "text")
    .addColumn("signature", "text")
    .addColumn("public_key", "text")
    .execute();
}

const AUTOINCREMENT = " primary key autoincrement";

/**
 * Copies a table to one without AUTOINCREMENT, which SQLite cannot remove otherwise. A sequence is
 * still not used twice: audit records are never deleted, and actions see `lastRemovedAction`.
 */
async function withoutSequenceRow(db: Kysely<unknown>, table: string): Promise<void> {
  const { rows } = await sql<{ name: string; sql: string; type: string }>`select name, sql, type from sqlite_master
    where tbl_name = ${table} and sql is not null`.execute(db);
  const created = rows.find(({ type }) => type === "table")?.sql ?? "";
  const named = `CREATE TABLE "${table}"`;
  if (!created.startsWith(named) || !created.includes(AUTOINCREMENT))
    throw new Error(`the table ${table} was not created by these migrations: ${created}`);
  const copy = sql.table(`${table}_copy`);
  const definition = created.replace(named, `CREATE TABLE "${table}_copy"`).replace(AUTOINCREMENT, " primary key");
  await sql.raw(definition).execute(db);
  await sql`insert into ${copy} select * from ${sql.table(table)} order by seq`.execute(db);
  await sql`drop table ${sql.table(table)}`.execute(db);
  await sql`alter table ${copy} rename to ${sql.table(table)}`.execute(db);
  for (const { type, sql: index } of rows) if (type === "index") await sql.raw(index).execute(db);
}
