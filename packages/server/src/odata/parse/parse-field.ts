import { ok } from "@halligan/protocol/errors";
import type { Field } from "../fields.ts";
import { type ODataResult, quoted, refuseQuery } from "../odata-error.ts";
import type { FieldUse } from "./bind.ts";
import type { Token } from "./lexer.ts";
import { found, need, type Parsing } from "./parsing.ts";

const FOLDS: ReadonlySet<string> = new Set(["tolower", "toupper"]);

/** A property, `tolower(property)` or `toupper(property)`. */
export function takeField(parsing: Parsing): ODataResult<FieldUse> {
  const { tokens } = parsing;
  if (!tokens.nextIs("(", 1)) return takeName(parsing);
  const name = tokens.take();
  if (!FOLDS.has(name.text.toLowerCase())) return refuseFunction(name);
  tokens.take();
  const use = takeName(parsing);
  if (!use.ok) return use;
  const { field, at } = use.value;
  if (field.kind !== "text" && field.kind !== "enum")
    return refuseQuery(`${name.text} needs a text property, and ${field.name} is a ${field.kind}`, at);
  const close = need(parsing, ")");
  return close.ok ? ok(use.value) : close;
}

function takeName({ tokens, entity }: Parsing): ODataResult<FieldUse> {
  const word = tokens.take();
  if (word.kind !== "word" || !/^[A-Za-z_]/.test(word.text))
    return refuseQuery(`a property of ${entity.title} is expected, not ${found(word)}`, word.at);
  const name = word.text.toLowerCase();
  const field: Field | undefined = entity.fields.get(name);
  if (field) return ok({ field, at: word.at });
  const known = entity.properties.get(name);
  return known
    ? refuseQuery(`the property ${known} of ${entity.title} cannot be filtered on`, word.at)
    : refuseQuery(`${quoted(word.text)} is not a property of ${entity.title}`, word.at);
}

function refuseFunction(name: Token): ReturnType<typeof refuseQuery> {
  const offered = "startswith, contains and endswith as conditions, tolower and toupper around a property";
  return refuseQuery(`the function ${quoted(name.text)} is not supported here: there are ${offered}`, name.at);
}
