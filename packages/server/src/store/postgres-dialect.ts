import { PostgresQueryCompiler, sql } from "kysely";
import type { SqlDialect } from "./sql-dialect.ts";

/** `unindexed` is the identity, because this planner has statistics. */
export const POSTGRES_DIALECT: SqlDialect = {
  generatesKeys: true,
  createQueryCompiler: () => new PostgresQueryCompiler(),
  position: (text, part) => sql`strpos(${text}, ${part})`,
  lastCharacters: (text, length) => sql`right(${text}, ${length})`,
  elements: (json) =>
    sql`(select value collate "C" as value from json_array_elements_text(${json}::json) as listed(value)) as element`,
  byCodePoints: (text) => sql`(${text}) collate "C"`,
  unindexed: (value) => value,
};
