import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { Position } from "../../odata/cursor.ts";
import type { Entity } from "../../odata/fields.ts";
import type { Value } from "../../odata/filter.ts";
import type { SortTerm } from "../../odata/sort.ts";
import { type FieldSources, sourceOf } from "./field-source.ts";
import { folded } from "./filter-expression.ts";

/**
 * One sort key, most significant first. The last key is always the stored sequence, which is
 * unique.
 */
export interface SortKey {
  readonly value: Expression<unknown>;
  readonly nullable: boolean;
  readonly descending: boolean;
}

/**
 * The keys of `sort`, without the sequence. Undefined for a field that has the same value on
 * every row and therefore sorts nothing.
 */
export function sortKeys(
  sort: readonly SortTerm[],
  entity: Entity,
  sources: FieldSources,
): readonly (SortKey | undefined)[] {
  return sort.map(({ field, descending }) => {
    const source = sourceOf(sources, field);
    if (source.from !== "expression") return undefined;
    const known = entity.fields.get(field.toLowerCase());
    // Sorts by the same value that comparisons use.
    const fold = known?.kind === "text" && known.letterCase === "ignored" ? "lower" : "none";
    return { value: folded(source.value, fold), nullable: source.nullable, descending };
  });
}

/**
 * For `order by`. Null sorts first when ascending in both dialects; SQLite and PostgreSQL have
 * different defaults.
 */
export function sortSql(keys: readonly SortKey[]): RawBuilder<unknown> {
  return sql.join(
    keys.flatMap(({ value, nullable, descending }) => {
      const direction = descending ? sql`desc` : sql`asc`;
      const byValue = sql`${value} ${direction}`;
      return nullable ? [sql`(${value} is not null) ${direction}`, byValue] : [byValue];
    }),
  );
}

/** Rows after a position of the sort; `seq` is its last key. Never null. */
export function afterPosition(
  keys: readonly (SortKey | undefined)[],
  seq: SortKey,
  after: Position,
): RawBuilder<SqlBool> {
  const bySeq = beyond(seq, after.seq);
  return keys.reduceRight<RawBuilder<SqlBool>>((later, key, index) => {
    const last = after.values[index] ?? null;
    return key ? sql`${atOrBeyond(key, last)} and (${beyond(key, last)} or (${later}))` : later;
  }, bySeq);
}

function beyond({ value, nullable, descending }: SortKey, last: Value): RawBuilder<SqlBool> {
  if (last === null) return descending ? sql`false` : sql`${value} is not null`;
  if (!nullable) return descending ? sql`${value} < ${last}` : sql`${value} > ${last}`;
  return descending
    ? sql`(${value} is null or ${value} < ${last})`
    : sql`(${value} is not null and ${value} > ${last})`;
}

/**
 * Repeats a condition that follows from the others, in a form that lets the index scan begin at the
 * position.
 */
function atOrBeyond({ value, nullable, descending }: SortKey, last: Value): RawBuilder<SqlBool> {
  if (last === null) return descending ? sql`${value} is null` : sql`true`;
  if (!nullable) return descending ? sql`${value} <= ${last}` : sql`${value} >= ${last}`;
  return descending
    ? sql`(${value} is null or ${value} <= ${last})`
    : sql`(${value} is not null and ${value} >= ${last})`;
}
