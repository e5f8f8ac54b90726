import type { Position } from "../../odata/cursor.ts";
import type { Value } from "../../odata/filter.ts";
import type { ListQuery } from "../../odata/query.ts";

/**
 * One page of a list. `next`: the position of its last row when there may be more rows, else null.
 */
export interface ListPage<T> {
  readonly rows: readonly T[];
  readonly next: Position | null;
}

/**
 * Rows to read for a page. One more than the page holds shows whether another page follows, unless
 * `$top` ends the list here.
 */
export const rowsToRead = ({ pageSize, left }: ListQuery): number => (left === pageSize ? pageSize : pageSize + 1);

export function toPage<R extends { seq: number }, T>(
  rows: readonly R[],
  { pageSize }: ListQuery,
  valuesOf: (row: R) => readonly Value[],
  fromRow: (row: R) => T,
): ListPage<T> {
  const shown = rows.slice(0, pageSize);
  const last = rows.length > pageSize ? shown.at(-1) : undefined;
  return { rows: shown.map(fromRow), next: last ? { values: valuesOf(last), seq: last.seq } : null };
}
