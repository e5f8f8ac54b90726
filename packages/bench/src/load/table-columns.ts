import type Database from "better-sqlite3";
import { Type } from "typebox";
import { Value } from "typebox/value";

const Columns = Type.Array(Type.Object({ name: Type.String() }));

/** Read from the database itself, so that a bench follows the migrations. */
export function columnsOf(database: Database.Database, table: string): string[] {
  return Value.Parse(Columns, database.prepare("select name from pragma_table_info(?)").all(table)).map(
    ({ name }) => name,
  );
}
