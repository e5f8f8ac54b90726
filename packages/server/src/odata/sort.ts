import { ok } from "@halligan/protocol/errors";
import type { Entity } from "./fields.ts";
import { type ODataResult, quoted, refuseQuery } from "./odata-error.ts";

/**
 * Rows that are equal after the last term are sorted by the stored sequence, in that term's
 * direction. Null sorts before every value, as in OData.
 */
export interface SortTerm {
  readonly field: string;
  readonly descending: boolean;
}

/**
 * `$orderby`: properties with `asc` (the default) or `desc`, each property once; all in any letter
 * case.
 */
export function parseSort(text: string, entity: Entity): ODataResult<readonly SortTerm[]> {
  const terms: SortTerm[] = [];
  for (const part of text.split(",")) {
    const [name = "", direction = "asc", ...more] = part.trim().split(/\s+/);
    const field = entity.fields.get(name.toLowerCase());
    if (!field || field.kind === "textList")
      return refuseQuery(`$orderby: ${quoted(name)} is not a property that ${entity.title} can be ordered by`);
    const way = direction.toLowerCase();
    if (more.length > 0 || (way !== "asc" && way !== "desc"))
      return refuseQuery(`$orderby: after ${field.name} only asc or desc is expected, not ${quoted(part.trim())}`);
    if (terms.some((term) => term.field === field.name)) return refuseQuery(`$orderby: ${field.name} is named twice`);
    terms.push({ field: field.name, descending: way === "desc" });
  }
  return ok(terms);
}

/**
 * The normalised text of a sort. A cursor contains it, so that it cannot be used with another sort.
 */
export const sortText = (terms: readonly SortTerm[]): string =>
  terms.map(({ field, descending }) => `${field} ${descending ? "desc" : "asc"}`).join(",");
