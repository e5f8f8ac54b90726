import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import { meets } from "../../odata/evaluate.ts";
import { type ComparisonOperator, ELEMENT, type Filter, type Operand, type Value } from "../../odata/filter.ts";
import type { SqlDialect } from "../sql-dialect.ts";
import { type FieldSources, sourceOf } from "./field-source.ts";

type Condition = RawBuilder<SqlBool>;
type Comparison = Extract<Filter, { kind: "compare" }>;
type Match = Extract<Filter, { kind: "match" }>;

export const TRUE: Condition = sql`true`;
export const FALSE: Condition = sql`false`;

/**
 * The filter as SQL that is true or false and never null, so that `not` inverts it exactly as
 * `meets` does. Values are bound.
 */
export function filterExpression(filter: Filter, sources: FieldSources, dialect: SqlDialect): Condition {
  switch (filter.kind) {
    case "and":
    case "or":
      return joined(
        filter.kind,
        filter.operands.map((operand) => filterExpression(operand, sources, dialect)),
      );
    case "not":
      return sql`not (${filterExpression(filter.operand, sources, dialect)})`;
    case "any":
      return anyExpression(filter, sources, dialect);
    default: {
      const source = sourceOf(sources, filter.operand.field);
      if (source.from === "list") throw new Error(`the list ${filter.operand.field} has no single value`);
      if (source.from === "constant") return meets(filter, { [filter.operand.field]: source.value }) ? TRUE : FALSE;
      const value = folded(source.value, filter.operand.fold);
      const { nullable } = source;
      if (filter.kind === "compare") return comparison(value, nullable, filter);
      if (filter.kind === "in") return unlessNull(value, nullable, membership(value, filter.values));
      return unlessNull(value, nullable, match(value, filter, dialect));
    }
  }
}

/**
 * Joins halves recursively. SQLite refuses expressions deeper than 1,000, and a flat chain has one
 * level for each `or`.
 */
function joined(keyword: "and" | "or", conditions: readonly Condition[]): Condition {
  const [first] = conditions;
  if (!first) return keyword === "and" ? TRUE : FALSE;
  if (conditions.length === 1) return first;
  const half = conditions.length >> 1;
  const [left, right] = [joined(keyword, conditions.slice(0, half)), joined(keyword, conditions.slice(half))];
  return keyword === "and" ? sql`(${left} and ${right})` : sql`(${left} or ${right})`;
}

function anyExpression(
  { field, where }: Extract<Filter, { kind: "any" }>,
  sources: FieldSources,
  dialect: SqlDialect,
): Condition {
  const source = sourceOf(sources, field);
  if (source.from !== "list") throw new Error(`the field ${field} is not a list`);
  const element: FieldSources = new Map([
    [ELEMENT, { from: "expression", value: sql.ref("element.value"), nullable: false }],
  ]);
  const condition = where === null ? TRUE : filterExpression(where, element, dialect);
  return sql`exists (select 1 from ${dialect.elements(source.json)} where ${condition})`;
}

export function folded(value: Expression<unknown>, fold: Operand["fold"]): Expression<unknown> {
  if (fold === "none") return value;
  return sql`lower(${value})`;
}

function unlessNull(value: Expression<unknown>, nullable: boolean, condition: Condition): Condition {
  return nullable ? sql`(${value} is not null and ${condition})` : condition;
}

const ORDERED = {
  gt: (value: Expression<unknown>, other: Value): Condition => sql`${value} > ${other}`,
  ge: (value: Expression<unknown>, other: Value): Condition => sql`${value} >= ${other}`,
  lt: (value: Expression<unknown>, other: Value): Condition => sql`${value} < ${other}`,
  le: (value: Expression<unknown>, other: Value): Condition => sql`${value} <= ${other}`,
} satisfies Partial<Record<ComparisonOperator, unknown>>;

function comparison(value: Expression<unknown>, nullable: boolean, { operator, value: other }: Comparison): Condition {
  if (other === null) {
    if (operator === "eq") return nullable ? sql`${value} is null` : FALSE;
    if (operator === "ne") return nullable ? sql`${value} is not null` : TRUE;
    return FALSE;
  }
  if (typeof other === "number" && !Number.isInteger(other)) return betweenIntegers(value, nullable, operator, other);
  if (operator === "eq") return unlessNull(value, nullable, sql`${value} = ${other}`);
  if (operator === "ne") return nullable ? sql`(${value} is null or ${value} <> ${other})` : sql`${value} <> ${other}`;
  return unlessNull(value, nullable, ORDERED[operator](value, other));
}

/** Columns hold whole numbers, and PostgreSQL does not compare them with a fraction. */
function betweenIntegers(
  value: Expression<unknown>,
  nullable: boolean,
  operator: ComparisonOperator,
  other: number,
): Condition {
  if (operator === "eq") return FALSE;
  if (operator === "ne") return TRUE;
  const whole = Math.floor(other);
  const above = operator === "gt" || operator === "ge";
  return unlessNull(value, nullable, above ? ORDERED.gt(value, whole) : ORDERED.le(value, whole));
}

function membership(value: Expression<unknown>, values: readonly Value[]): Condition {
  const possible = values.filter((listed) => typeof listed !== "number" || Number.isInteger(listed));
  return possible.length === 0 ? FALSE : sql`${value} in (${sql.join(possible)})`;
}

/** By characters and not by LIKE, whose wildcards and letter case differ between the dialects. */
function match(value: Expression<unknown>, { how, text }: Match, dialect: SqlDialect): Condition {
  if (how === "contains") return sql`${dialect.position(value, text)} > 0`;
  const length = [...text].length;
  if (how === "startswith") return sql`substr(${value}, 1, ${length}) = ${text}`;
  return length === 0 ? TRUE : sql`${dialect.lastCharacters(value, length)} = ${text}`;
}
