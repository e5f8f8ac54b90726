import { ok } from "@halligan/protocol/errors";
import type { Entity } from "../fields.ts";
import { ELEMENT, type Filter } from "../filter.ts";
import { type ODataResult, refuseQuery } from "../odata-error.ts";
import type { FieldUse } from "./bind.ts";
import { found, need, type Parsing } from "./parsing.ts";

/**
 * Parses after `machineTags/`: `any(t: t eq 'x')`, or `any()` for a list that is not empty. Inside,
 * only the variable is known.
 */
export function parseAny(parsing: Parsing, { field, at }: FieldUse, depth: number): ODataResult<Filter> {
  const { tokens } = parsing;
  if (field.kind !== "textList") return refuseQuery(`${field.name} has no properties of its own`, at);
  const lambda = tokens.peek();
  if (!tokens.takeWord("any"))
    return refuseQuery(`after ${field.name}/ only any(...) is supported, not ${found(lambda)}`, lambda.at);
  const open = need(parsing, "(");
  if (!open.ok) return open;
  if (tokens.takeSymbol(")")) return ok({ kind: "any", field: field.name, where: null });
  const variable = tokens.take();
  if (variable.kind !== "word" || !/^[A-Za-z_]/.test(variable.text))
    return refuseQuery(`the name of a variable is expected, not ${found(variable)}`, variable.at);
  const colon = need(parsing, ":");
  if (!colon.ok) return colon;
  const where = parsing.parseNested({ ...parsing, entity: elementOf(field.name, variable.text) }, depth + 1);
  if (!where.ok) return where;
  const close = need(parsing, ")");
  return close.ok ? ok({ kind: "any", field: field.name, where: where.value }) : close;
}

/**
 * The list's element as an entity with one field, so that the inside of `any` is an ordinary
 * filter.
 */
function elementOf(listName: string, variable: string): Entity {
  return {
    title: `the elements of ${listName}`,
    fields: new Map([[variable.toLowerCase(), { name: ELEMENT, kind: "text", letterCase: "ignored" }]]),
    properties: new Map(),
  };
}
