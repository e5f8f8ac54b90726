import { asciiLower, compareText } from "./compare-text.ts";
import { type FilterRecord, meets } from "./evaluate.ts";
import type { Entity } from "./fields.ts";
import type { FieldValue } from "./filter.ts";
import type { ListQuery } from "./query.ts";
import type { SortTerm } from "./sort.ts";

/**
 * Applies a query to a list that is short enough to be read as a whole; longer lists are queried in
 * SQL. `rows`: in the list's own sort. All rows that `$top` allows are on one page.
 */
export function listInMemory<R>(
  rows: readonly R[],
  recordOf: (row: R) => FilterRecord,
  entity: Entity,
  { filter, sort, skip, left, count }: ListQuery,
): { readonly rows: readonly R[]; readonly count: number | null; readonly next: null } {
  const found = rows
    .map((row) => ({ row, record: recordOf(row) }))
    .filter(({ record }) => filter === null || meets(filter, record));
  const sorted = sort.length === 0 ? found : inOrder(found, sort, entity);
  const end = left === null ? undefined : skip + left;
  return { rows: sorted.slice(skip, end).map(({ row }) => row), count: count ? found.length : null, next: null };
}

/**
 * Rows with equal sort values keep their sequence, or its reverse, by the direction of the last
 * term.
 */
function inOrder<T extends { readonly record: FilterRecord }>(
  found: readonly T[],
  sort: readonly SortTerm[],
  entity: Entity,
): readonly T[] {
  const fields = sort.map(({ field, descending }) => {
    const known = entity.fields.get(field.toLowerCase());
    return { field, descending, folds: known?.kind === "text" };
  });
  const base = sort.at(-1)?.descending ? found.toReversed() : found;
  return base.toSorted((a, b) => {
    for (const { field, descending, folds } of fields) {
      const sign = compareValues(a.record[field], b.record[field], folds);
      if (sign !== 0) return descending ? -sign : sign;
    }
    return 0;
  });
}

/** Null sorts before every value, false before true. */
function compareValues(a: FieldValue | undefined, b: FieldValue | undefined, folds: boolean): number {
  if (typeof a === "string" && typeof b === "string") {
    return folds ? compareText(asciiLower(a), asciiLower(b)) : compareText(a, b);
  }
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return Number(a) - Number(b);
}
