import { type Expression, type RawBuilder, sql } from "kysely";

/** The few words of a list's SQL in which the engines differ. */
export interface ListEngine {
  /** Where `part` begins in `text`, from 1; 0 when it does not occur; 1 when it is empty. */
  position(text: Expression<unknown>, part: string): RawBuilder<number>;
  /** For `from`: the texts of a JSON array as rows of `element(value)`, compared by code points. */
  elements(json: Expression<unknown>): RawBuilder<unknown>;
  /** The same value, but no reason to walk an index for it. */
  unindexed(value: Expression<unknown>): Expression<unknown>;
}

/**
 * PostgreSQL's is to have `strpos`, `jsonb_array_elements_text(json::jsonb)` with COLLATE "C", and `unindexed` as the identity: its
 * planner has statistics. All else (`substr`, `length` and `lower` by characters, `exists`, `case`) is written the same for both.
 */
export const SQLITE_ENGINE: ListEngine = {
  position: (text, part) => sql`instr(${text}, ${part})`,
  elements: (json) => sql`json_each(${json}) as element`,
  unindexed: (value) => sql`+${value}`,
};
