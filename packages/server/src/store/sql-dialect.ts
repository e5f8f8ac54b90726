import type { Expression, QueryCompiler, RawBuilder } from "kysely";

/**
 * The few SQL expressions in which the dialects differ. Everything else (`substr`, `length` and
 * `lower` by characters, `exists`, `case`) is written the same for both.
 */
export interface SqlDialect {
  createQueryCompiler(): QueryCompiler;
  /** Whether the database, and not the statement, assigns the sequence of a `machine_action`. */
  readonly generatesKeys: boolean;
  /** Position of `part` in `text`, from 1. 0 when it does not occur; 1 when it is empty. */
  position(text: Expression<unknown>, part: string): RawBuilder<number>;
  /** The last `length` characters of `text`, or all of a shorter one. `length`: 1 or more. */
  lastCharacters(text: Expression<unknown>, length: number): RawBuilder<string>;
  /** For `from`: the texts of a JSON array as rows of `element(value)`, compared by code points. */
  elements(json: Expression<unknown>): RawBuilder<unknown>;
  /** A JSON array of the numbers of all rows; `[]` without rows. */
  jsonArrayOf(value: Expression<unknown>): RawBuilder<string>;
  /** Text that is not from a column, compared by code points like every column. */
  byCodePoints(text: Expression<unknown>): Expression<unknown>;
  /** The same value, written so that the planner does not use an index for it. */
  unindexed(value: Expression<unknown>): Expression<unknown>;
  /**
   * For `from`: the open transactions that may have inserted into `table`. Null where rows become
   * visible in ascending order of their keys.
   */
  writersOf(table: string): RawBuilder<{ id: string }> | null;
}
