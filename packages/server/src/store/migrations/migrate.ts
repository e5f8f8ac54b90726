import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { MIGRATIONS } from "./index.ts";

/**
 * Brings a database to the newest schema. Servers that start together take turns: Kysely holds a lock of the database meanwhile.
 * One that is older than the schema refuses by itself; it would write rows that newer ones do not understand.
 */
export async function migrateToLatest(
  db: Kysely<unknown>,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  // Looked for afterwards, because Kysely has made its table and its own refusal by then.
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
