import { ok } from "@halligan/protocol/errors";
import { asciiLower } from "../compare-text.ts";
import type { Field } from "../fields.ts";
import type { ComparisonOperator, Filter, MatchFunction, Operand, Value } from "../filter.ts";
import { type ODataResult, quoted, refuseQuery } from "../odata-error.ts";
import { readDatetime } from "./datetime.ts";
import { type Literal, readNumber } from "./literal.ts";

/** A field as the caller wrote it: alone, or inside `tolower` or `toupper`. */
export interface FieldUse {
  readonly field: Field;
  readonly at: number;
}

export function bindComparison(use: FieldUse, operator: ComparisonOperator, literal: Literal): ODataResult<Filter> {
  const ordered = operator !== "eq" && operator !== "ne";
  const { name, kind } = use.field;
  if (literal.kind === "null") {
    if (ordered) return refuseQuery("null can only be compared with eq and ne", literal.at);
    if (kind === "textList") return refuseList(use);
    return ok({ kind: "compare", operand: { field: name, fold: "none" }, operator, value: null });
  }
  if (ordered && (kind === "enum" || kind === "boolean"))
    return refuseQuery(`${name} has no order: compare it with eq, ne or in`, use.at);
  const value = bindValue(use, literal);
  if (!value.ok) return value;
  return ok({ kind: "compare", operand: operandOf(use), operator, value: value.value });
}

export function bindIn(use: FieldUse, literals: readonly Literal[]): ODataResult<Filter> {
  if (use.field.kind === "textList") return refuseList(use);
  const values: Exclude<Value, null>[] = [];
  for (const literal of literals) {
    const value = bindValue(use, literal);
    if (!value.ok) return value;
    values.push(value.value);
  }
  return ok({ kind: "in", operand: operandOf(use), values });
}

export function bindMatch(how: MatchFunction, use: FieldUse, literal: Literal): ODataResult<Filter> {
  const { field } = use;
  if (field.kind === "textList") return refuseList(use);
  if (field.kind !== "text" && field.kind !== "enum")
    return refuseQuery(`${how} needs a text property, and ${field.name} is a ${field.kind}`, use.at);
  if (literal.kind !== "text" || typeof literal.value !== "string")
    return refuseQuery(`${how} needs a text in single quotes`, literal.at);
  // A part of an enum's word is compared like the whole word, in any letter case.
  if (field.kind === "enum")
    return ok({ kind: "match", how, operand: { field: field.name, fold: "lower" }, text: asciiLower(literal.value) });
  return ok({ kind: "match", how, operand: operandOf(use), text: asciiLower(literal.value) });
}

/**
 * `tolower` and `toupper` change nothing: text is compared in lower case in any case, and an enum's
 * word is one of its list.
 */
function operandOf({ field }: FieldUse): Operand {
  return { field: field.name, fold: field.kind === "text" && field.letterCase === "ignored" ? "lower" : "none" };
}

/**
 * Lenient where clients plausibly write such a form: a datetime in quotes, a number in quotes
 * (`rbacGroupId` is a string in one document and a number on the wire,
 * docs/contract/disagreements.md#row-22), an enum's word in any letter case (row 21).
 */
function bindValue(use: FieldUse, literal: Literal): ODataResult<Exclude<Value, null>> {
  const { field } = use;
  const { value } = literal;
  if (value === null) return refuseQuery("null cannot stand in a list: write `or ... eq null`", literal.at);
  switch (field.kind) {
    case "text":
      if (typeof value !== "string") break;
      return ok(asciiLower(value));
    case "enum": {
      if (typeof value !== "string") break;
      const known = field.values.find((word) => asciiLower(word) === asciiLower(value));
      if (known !== undefined || field.open) return ok(known ?? value);
      return refuseQuery(`${field.name} is never ${quoted(value)}, but one of ${field.values.join(", ")}`, literal.at);
    }
    case "datetime": {
      const ms =
        literal.kind === "text" ? readDatetime(String(value)) : literal.kind === "datetime" ? value : undefined;
      if (typeof ms === "number") return ok(ms);
      break;
    }
    case "number": {
      const number = typeof value === "string" ? readNumber(value) : literal.kind === "number" ? value : undefined;
      if (typeof number === "number") return ok(number);
      break;
    }
    case "boolean":
      if (typeof value === "boolean") return ok(value);
      break;
    case "textList":
      return refuseList(use);
  }
  return refuseQuery(`${field.name} is compared with ${EXPECTED[field.kind]}`, literal.at);
}

const EXPECTED = {
  text: "a text in single quotes",
  enum: "a text in single quotes",
  datetime: "a datetime such as 2019-11-22T00:00:00Z",
  number: "a number",
  boolean: "true or false",
} as const;

/**
 * `machineTags eq 'x'` could mean "has it" or "is only it". The refusal names the form that every
 * OData service understands.
 */
function refuseList({ field, at }: FieldUse): ReturnType<typeof refuseQuery> {
  return refuseQuery(`${field.name} is a list: write ${field.name}/any(t: t eq '...')`, at);
}
