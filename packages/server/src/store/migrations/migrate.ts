import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { MIGRATIONS } from "./index.ts";

/**
 * Migrates a database to the newest schema. Servers that start together take turns, because Kysely
 * holds a lock of the database meanwhile. A server that is older than the schema refuses to start,
 * because it would write rows that newer servers do not understand.
 */
export async function migrateToLatest(
  db: Kysely<unknown>,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  // Checked afterwards, because by then Kysely has created its table and made its own check.
  const unknown = (await appliedTo(db)).filter((name) => !(name in migrations));
  if (unknown.length > 0) {
    throw new Error(
      `the database was made by a newer halligan-server: it has the migration ${unknown.join(", ")}, which this one does not know`,
      { cause: error },
    );
  }
  if (error) throw error;
}

async function appliedTo(db: Kysely<unknown>): Promise<string[]> {
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom("kysely_migration")
    .select("name")
    .orderBy("name")
    .execute();
  return rows.map(({ name }) => name);
}
