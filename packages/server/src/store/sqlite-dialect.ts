import { SqliteQueryCompiler, sql } from "kysely";
import type { SqlDialect } from "./sql-dialect.ts";

export const SQLITE_DIALECT: SqlDialect = {
  generatesKeys: false,
  createQueryCompiler: () => new SqliteQueryCompiler(),
  position: (text, part) => sql`instr(${text}, ${part})`,
  lastCharacters: (text, length) => sql`substr(${text}, ${-length})`,
  elements: (json) => sql`json_each(${json}) as element`,
  jsonArrayOf: (value) => sql`json_group_array(${value})`,
  byCodePoints: (text) => text,
  unindexed: (value) => sql`+${value}`,
  // There is one writer.
  writersOf: () => null,
};
