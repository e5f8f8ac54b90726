import { type RawBuilder, type SqlBool, sql } from "kysely";
import { FALSE } from "./filter-expression.ts";

/** Rows of `machine` that belong to one of the device groups. */
export function inGroups(groupIds: readonly number[]): RawBuilder<SqlBool> {
  return groupIds.length === 0 ? FALSE : sql`machine.group_id in (${sql.join(groupIds)})`;
}
