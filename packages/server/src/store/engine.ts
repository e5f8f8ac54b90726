import type { Expression, QueryCompiler, RawBuilder } from "kysely";

/** The few words of SQL in which the engines differ. All else (`substr`, `length` and `lower` by characters, `exists`, `case`) is written the same for both. */
export interface Engine {
  createQueryCompiler(): QueryCompiler;
  /** Where `part` begins in `text`, from 1; 0 when it does not occur; 1 when it is empty. */
  position(text: Expression<unknown>, part: string): RawBuilder<number>;
  /** As many characters of the end of `text`, or all of a shorter one. `length`: 1 or more. */
  lastCharacters(text: Expression<unknown>, length: number): RawBuilder<string>;
  /** For `from`: the texts of a JSON array as rows of `element(value)`, compared by code points. */
  elements(json: Expression<unknown>): RawBuilder<unknown>;
  /** Text that no column holds, compared by code points as every column is. */
  byCodePoints(text: Expression<unknown>): Expression<unknown>;
  /** The same value, but no reason to walk an index for it. */
  unindexed(value: Expression<unknown>): Expression<unknown>;
}
