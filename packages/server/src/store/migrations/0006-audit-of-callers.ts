import type { Kysely } from "kysely";

/** The caller, the application and the address of a request. Null in older records. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // SQLite adds only one column per statement.
  for (const column of ["actor_kind", "application", "address"]) {
    await db.schema.alterTable("audit").addColumn(column, "text").execute();
  }
}
