import { ok } from "@halligan/protocol/errors";
import type { ComparisonOperator, Filter, MatchFunction } from "../filter.ts";
import { type ODataResult, refuseQuery } from "../odata-error.ts";
import { bindComparison, bindIn, bindMatch, type FieldUse } from "./bind.ts";
import type { Literal } from "./literal.ts";
import { parseAny } from "./parse-any.ts";
import { takeField } from "./parse-field.ts";
import { found, need, needLiteral, type Parsing, takeLiteral } from "./parsing.ts";

const MATCHES = new Map<string, MatchFunction>([
  ["startswith", "startswith"],
  ["contains", "contains"],
  ["endswith", "endswith"],
]);

/** Each operator, and its mirror image: `'x' lt prop` is `prop gt 'x'`. */
interface Operator {
  readonly name: ComparisonOperator;
  readonly mirrored: ComparisonOperator;
}
const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [
    { name: "eq", mirrored: "eq" } as const,
    { name: "ne", mirrored: "ne" } as const,
    { name: "gt", mirrored: "lt" } as const,
    { name: "ge", mirrored: "le" } as const,
    { name: "lt", mirrored: "gt" } as const,
    { name: "le", mirrored: "ge" } as const,
  ].map((operator) => [operator.name, operator]),
);

/** One comparison, function or `any`. `depth` as in `Parsing`. */
export function parseCondition(parsing: Parsing, depth: number): ODataResult<Filter> {
  const { tokens } = parsing;
  const first = tokens.peek();
  const literal = takeLiteral(parsing);
  if (literal && !literal.ok) return literal;
  if (literal) return parseMirrored(parsing, literal.value);
  if (first.kind !== "word") return refuseQuery(`a condition is expected, not ${found(first)}`, first.at);
  const match = MATCHES.get(first.text.toLowerCase());
  if (match && tokens.nextIs("(", 1)) return parseMatch(parsing, match);
  const use = takeField(parsing);
  if (!use.ok) return use;
  if (tokens.takeSymbol("/")) return parseAny(parsing, use.value, depth);
  if (tokens.takeWord("in")) return parseIn(parsing, use.value);
  const operator = takeOperator(parsing, use.value.field.name);
  if (!operator.ok) return operator;
  const value = needLiteral(parsing);
  return value.ok ? bindComparison(use.value, operator.value.name, value.value) : value;
}

function parseMirrored(parsing: Parsing, literal: Literal): ODataResult<Filter> {
  const operator = takeOperator(parsing, "a value");
  if (!operator.ok) return operator;
  const second = parsing.tokens.peek();
  const another = takeLiteral(parsing);
  if (another) return another.ok ? refuseQuery("two values are compared, and no property", second.at) : another;
  const use = takeField(parsing);
  return use.ok ? bindComparison(use.value, operator.value.mirrored, literal) : use;
}

function parseMatch(parsing: Parsing, how: MatchFunction): ODataResult<Filter> {
  const { tokens } = parsing;
  tokens.take();
  tokens.take();
  const use = takeField(parsing);
  if (!use.ok) return use;
  const comma = need(parsing, ",");
  if (!comma.ok) return comma;
  const literal = needLiteral(parsing);
  if (!literal.ok) return literal;
  const close = need(parsing, ")");
  return close.ok ? bindMatch(how, use.value, literal.value) : close;
}

/** An empty list matches nothing. Clients produce it from an empty array. */
function parseIn(parsing: Parsing, use: FieldUse): ODataResult<Filter> {
  const literals: Literal[] = [];
  const open = need(parsing, "(");
  if (!open.ok) return open;
  while (!parsing.tokens.nextIs(")")) {
    const comma = literals.length > 0 ? need(parsing, ",") : ok(null);
    if (!comma.ok) return comma;
    const literal = needLiteral(parsing);
    if (!literal.ok) return literal;
    literals.push(literal.value);
  }
  parsing.tokens.take();
  return bindIn(use, literals);
}

function takeOperator({ tokens }: Parsing, after: string): ODataResult<Operator> {
  const token = tokens.take();
  const operator = token.kind === "word" ? OPERATORS.get(token.text.toLowerCase()) : undefined;
  if (operator) return ok(operator);
  return refuseQuery(`after ${after} one of eq, ne, gt, ge, lt, le and in is expected, not ${found(token)}`, token.at);
}
