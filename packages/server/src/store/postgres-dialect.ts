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
  jsonArrayOf: (value) => sql`coalesce(json_agg(${value}), '[]')::text`,
  byCodePoints: (text) => sql`(${text}) collate "C"`,
  unindexed: (value) => value,
  // A transaction takes this lock before its first insert draws a number, and keeps it until its
  // changes are visible: docs/decisions/0045-audit-cursor.md.
  writersOf: (table) => sql`(select virtualtransaction as id from pg_locks
    where relation = ${table}::regclass and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_database where datname = current_database()))`,
};
