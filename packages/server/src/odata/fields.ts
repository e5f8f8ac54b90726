/**
 * Text is compared without regard to the case of its ASCII letters, in every field of every list
 * (docs/conformance.md, "Text in filters").
 * - storedLower: ids, which are stored in lower case. Only the caller's text is lowered, so an
 *   upper-case GUID finds its row through the index of the column.
 * - ignored: both sides are lowered.
 */
export type LetterCase = "storedLower" | "ignored";

/** A property for filters and, unless it is a list, for sorting. */
export type Field = { readonly name: string } & (
  | { readonly kind: "text"; readonly letterCase: LetterCase }
  /**
   * A quoted word in any letter case. `open`: a word outside `values` matches nothing instead of
   * being refused.
   */
  | { readonly kind: "enum"; readonly values: readonly string[]; readonly open: boolean }
  | { readonly kind: "datetime" | "number" | "boolean" | "textList" }
);

/** The query options of one list: its whitelist. */
export interface Entity {
  /** Plural, for messages. */
  readonly title: string;
  /**
   * By name in lower case, because clients write names in any letter case
   * (docs/contract/clients-in-the-wild.md#listing-actions).
   */
  readonly fields: ReadonlyMap<string, Field>;
  /** Every top-level property of the wire form, for `$select`; by name in lower case. */
  readonly properties: ReadonlyMap<string, string>;
}

export function defineEntity(title: string, fields: readonly Field[], properties: readonly string[]): Entity {
  return {
    title,
    fields: new Map(fields.map((field) => [field.name.toLowerCase(), field])),
    properties: new Map(properties.map((name) => [name.toLowerCase(), name])),
  };
}
