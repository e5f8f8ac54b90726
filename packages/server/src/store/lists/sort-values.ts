import { type AliasedExpression, sql } from "kysely";
import type { Value } from "../../odata/filter.ts";
import type { SortKey } from "./sort-expression.ts";

const alias = (index: number): string => `sort_key_${index}`;

/**
 * The sort keys as separate columns. The key of a row may be computed, and the next page needs its
 * value.
 */
export function selectedSortKeys(keys: readonly (SortKey | undefined)[]): AliasedExpression<Value, string>[] {
  return keys.flatMap((key, index) => (key ? [sql<Value>`${key.value}`.as(alias(index))] : []));
}

/** These columns of a row; null for a key that sorts nothing. */
export function sortValues(row: object, keys: readonly (SortKey | undefined)[]): readonly Value[] {
  const columns = new Map<string, unknown>(Object.entries(row));
  return keys.map((_, index) => {
    const value = columns.get(alias(index));
    return typeof value === "string" || typeof value === "number" ? value : null;
  });
}
