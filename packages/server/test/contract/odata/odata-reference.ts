import { asciiLower, compareText } from "../../../src/odata/compare-text.ts";
import type { FilterRecord } from "../../../src/odata/evaluate.ts";
import type { Entity } from "../../../src/odata/fields.ts";
import type { FieldValue } from "../../../src/odata/filter.ts";
import type { SortTerm } from "../../../src/odata/sort.ts";

export interface Stored {
  readonly seq: number;
  readonly record: FilterRecord;
}

/**
 * An independent implementation of a list's sort. `newestFirst`: the sequence of rows with equal
 * values.
 */
export function inOrder<R extends Stored>(
  rows: readonly R[],
  orderBy: readonly SortTerm[],
  entity: Entity,
  newestFirst: boolean,
): R[] {
  const ties = orderBy.at(-1)?.descending ?? newestFirst;
  return rows.toSorted((a, b) => {
    for (const { field, descending } of orderBy) {
      const known = entity.fields.get(field.toLowerCase());
      const ignoresCase = known?.kind === "text" && known.letterCase === "ignored";
      const order = compareValues(a.record[field], b.record[field], ignoresCase);
      if (order !== 0) return descending ? -order : order;
    }
    return ties ? b.seq - a.seq : a.seq - b.seq;
  });
}

function compareValues(a: FieldValue | undefined, b: FieldValue | undefined, ignoresCase: boolean): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== "string" || typeof b !== "string") throw new Error("the record has no such field");
  return ignoresCase ? compareText(asciiLower(a), asciiLower(b)) : compareText(a, b);
}
