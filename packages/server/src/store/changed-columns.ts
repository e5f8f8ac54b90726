import type { Bound, Statement } from "./statement.ts";

/**
 * Builds updates that name only the changed columns. A database rewrites every index on a named
 * column, even if its value stays the same (SQLite, claim of an action: 24 microseconds with all
 * columns, 12 with the changed ones).
 */

type Row = Record<string, Bound>;

/** The columns in which two states of one row differ. */
export function changedColumns<R extends Row>(before: R, after: R): (keyof R & string)[] {
  return Object.keys(after).filter((column) => before[column] !== after[column]);
}

export function onlyColumns<R extends Row, C extends keyof R>(row: R, columns: readonly C[]): Partial<R> {
  const only: Partial<R> = {};
  for (const column of columns) only[column] = row[column];
  return only;
}

/** One statement for each set of columns. The use cases have few sets. */
export function statementsByColumns<C extends string, P extends Row, O>(
  build: (columns: readonly C[]) => Statement<P, O>,
): (columns: readonly C[]) => Statement<P, O> {
  const built = new Map<string, Statement<P, O>>();
  return (columns) => {
    const key = columns.join();
    const known = built.get(key) ?? build(columns);
    built.set(key, known);
    return known;
  };
}
