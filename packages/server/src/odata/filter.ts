/** What a field of a record holds. Times are Unix milliseconds; null is a property without a value. */
export type Value = string | number | boolean | null;
export type FieldValue = Value | readonly string[];

export type ComparisonOperator = "eq" | "ne" | "gt" | "ge" | "lt" | "le";
export type MatchFunction = "startswith" | "contains" | "endswith";

/** A field as it is compared. `fold`: its ASCII letters are lowered first. */
export interface Operand {
  readonly field: string;
  readonly fold: "none" | "lower";
}

/**
 * A checked filter: every field is one of its entity's table, under the table's spelling, and every value is of the field's kind. A
 * datetime below a millisecond is the millisecond plus a half: stored times are whole milliseconds, so all that matters is between
 * which two of them it lies.
 *
 * Two-valued, in memory and in SQL alike: a null property is equal to null and to nothing else, `ne` is the opposite of `eq`, every
 * other condition on null is false, and `not` turns false into true (OData's own null would stay null under `not`).
 * Texts of the filter are in lower case, and so is what they are compared with, stored or folded so; then text is compared by code points, as
 * SQLite's BINARY and PostgreSQL's "C" do. An enum's words alone keep their letter case, and are found by it.
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
  /** Some element of a list meets `where`, whose only field is `ELEMENT`; without `where`: the list is not empty. */
  | { readonly kind: "any"; readonly field: string; readonly where: Filter | null };

/** The name of a list's element inside `any`, whatever the caller's variable was called. */
export const ELEMENT = "it";
