import type { Kysely } from "kysely";

/** Who called, through what and from where. Null in older records. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // One column a statement: SQLite takes no more.
  for (const column of ["actor_kind", "application", "address"]) {
    await db.schema.alterTable("audit").addColumn(column, "text").execute();
  }
}
