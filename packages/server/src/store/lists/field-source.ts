import type { Expression } from "kysely";
import type { Value } from "../../odata/filter.ts";

/** Where a query finds a field of a filter. */
export type FieldSource =
  /** Text, or a whole number below 2^53. */
  | { readonly from: "expression"; readonly value: Expression<unknown>; readonly nullable: boolean }
  /** The same value on every row. Conditions on it are decided before the query runs. */
  | { readonly from: "constant"; readonly value: Value }
  /** A JSON array of texts, never null. */
  | { readonly from: "list"; readonly json: Expression<unknown> };

/** By the field's name in the entity's table. */
export type FieldSources = ReadonlyMap<string, FieldSource>;

export function sourceOf(sources: FieldSources, field: string): FieldSource {
  const source = sources.get(field);
  if (source) return source;
  throw new Error(`no column is known for the field ${field}`);
}
