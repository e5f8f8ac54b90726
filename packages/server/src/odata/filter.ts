/**
 * The value of a record's field. Times are Unix milliseconds; null is a property without a value.
 */
export type Value = string | number | boolean | null;
export type FieldValue = Value | readonly string[];

export type ComparisonOperator = "eq" | "ne" | "gt" | "ge" | "lt" | "le";
export type MatchFunction = "startswith" | "contains" | "endswith";

/** A field for a comparison. `fold`: its ASCII letters are lowered first. */
export interface Operand {
  readonly field: string;
  readonly fold: "none" | "lower";
}

/**
 * A checked filter: every field is one of its entity's table, spelled as in the table, and every
 * value has the field's kind. A datetime with a fraction of a millisecond is the millisecond plus a
 * half: stored times are whole milliseconds, so only the two neighbouring milliseconds matter.
 *
 * Filters have two truth values, in memory and in SQL alike: a null property is equal to null and
 * to nothing else, `ne` is the opposite of `eq`, every other condition on null is false, and `not`
 * turns false into true (in OData null stays null under `not`). Texts of the filter are in lower
 * case, and so are the values that they are compared with, either stored or folded. Text is then
 * compared by code points, like SQLite's BINARY and PostgreSQL's "C". Only the words of an enum
 * keep their letter case, and are found by it.
 */
export type Filter =
  | { readonly kind: "and" | "or"; readonly operands: readonly Filter[] }
  | { readonly kind: "not"; readonly operand: Filter }
  | {
      readonly kind: "compare";
      readonly operand: Operand;
      readonly operator: ComparisonOperator;
      readonly value: Value;
    }
  | { readonly kind: "in"; readonly operand: Operand; readonly values: readonly Exclude<Value, null>[] }
  | { readonly kind: "match"; readonly operand: Operand; readonly how: MatchFunction; readonly text: string }
  /**
   * Some element of a list meets `where`, whose only field is `ELEMENT`. Without `where`: the list
   * is not empty.
   */
  | { readonly kind: "any"; readonly field: string; readonly where: Filter | null };

/** The name of a list's element inside `any`, whatever name the caller's variable has. */
export const ELEMENT = "it";
