import type { Position } from "../../odata/cursor.ts";
import type { Value } from "../../odata/filter.ts";
import type { ListQuery } from "../../odata/query.ts";
import { completeRows, type LeftOut } from "./page-texts.ts";

/**
 * One page of a list. It may have fewer rows than requested. `next`: the position of its last row
 * when there may be more rows, else null.
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

/**
 * `rows`: of the first reading. `readWhole`: the rows with these sequences, as they are stored.
 */
export async function toPage<W extends { seq: number }, R extends W & LeftOut, T>(
  rows: readonly R[],
  { pageSize }: ListQuery,
  readWhole: (seqs: readonly number[]) => Promise<readonly W[]>,
  valuesOf: (row: R) => readonly Value[],
  fromRow: (row: R) => T,
): Promise<ListPage<T>> {
  const page = await completeRows(rows.slice(0, pageSize), readWhole);
  const last = page.isCut || rows.length > pageSize ? page.last : undefined;
  return { rows: page.rows.map(fromRow), next: last ? { values: valuesOf(last), seq: last.seq } : null };
}
