import { ok } from "@halligan/protocol/errors";
import type { Entity } from "../fields.ts";
import type { Filter } from "../filter.ts";
import { type ODataResult, refuseQuery } from "../odata-error.ts";
import { type Meter, readTokens } from "./lexer.ts";
import { parseCondition } from "./parse-condition.ts";
import { found, type Parsing } from "./parsing.ts";
import { TokenStream } from "./token-stream.ts";

export interface FilterLimits {
  /** In UTF-16 units, after percent-decoding. Default 16,384: some 400 GUIDs in an `in (...)`. */
  readonly maxLength: number;
  /** Nesting of parentheses, `not` and `any`. Default 64. */
  readonly maxDepth: number;
  /**
   * Comparisons, functions and `any` together; the values of an `in` are not counted. The time in
   * which a database prepares them grows with the square of their number. Default 400: more `id eq`
   * than fit into the length.
   */
  readonly maxConditions: number;
}

export const FILTER_LIMITS: FilterLimits = { maxLength: 16_384, maxDepth: 64, maxConditions: 400 };

/**
 * Parses the text of `$filter`. Precedence, highest first: comparison and function, `not`, `and`,
 * `or`. `not status eq 'x'` means `not (status eq 'x')`, because a bare property cannot be negated.
 * The work is linear in the length, and `maxDepth` bounds the stack.
 */
export function parseFilter(
  source: string,
  entity: Entity,
  limits: FilterLimits = FILTER_LIMITS,
  meter: Meter = { steps: 0 },
): ODataResult<Filter> {
  if (source.length > limits.maxLength) return refuseQuery(`it is longer than ${limits.maxLength} characters`);
  // PostgreSQL cannot bind a NUL, and half a surrogate pair has no UTF-8.
  if (!source.isWellFormed() || source.includes("\0"))
    return refuseQuery("it contains a character that no text may contain");
  const tokens = readTokens(source, meter);
  if (!tokens.ok) return tokens;
  const stream = new TokenStream(tokens.value, meter);
  const parseNested = (parsing: Parsing, depth: number): ODataResult<Filter> =>
    parseOr(parsing, depth, limits.maxDepth);
  const filter = parseNested({ tokens: stream, entity, conditions: { left: limits.maxConditions }, parseNested }, 0);
  const rest = stream.peek();
  if (!filter.ok || rest.kind === "end") return filter;
  return refuseQuery(`and, or or the end is expected, not ${found(rest)}`, rest.at);
}

function parseOr(parsing: Parsing, depth: number, maxDepth: number): ODataResult<Filter> {
  const parseUnaryHere = () => parseUnary(parsing, depth, maxDepth);
  return parseChain("or", parsing, () => parseChain("and", parsing, parseUnaryHere));
}

/** A chain is one node, however long it is, so hundreds of `or` need no depth. */
function parseChain(
  keyword: "and" | "or",
  { tokens }: Parsing,
  parseOperand: () => ODataResult<Filter>,
): ODataResult<Filter> {
  const first = parseOperand();
  if (!first.ok || tokens.word() !== keyword) return first;
  const operands = [first.value];
  while (tokens.takeWord(keyword)) {
    const next = parseOperand();
    if (!next.ok) return next;
    operands.push(next.value);
  }
  return ok({ kind: keyword, operands });
}

function parseUnary(parsing: Parsing, depth: number, maxDepth: number): ODataResult<Filter> {
  const { tokens } = parsing;
  if (depth > maxDepth) return refuseQuery(`it is nested deeper than ${maxDepth} levels`, tokens.peek().at);
  if (tokens.takeWord("not")) {
    const operand = parseUnary(parsing, depth + 1, maxDepth);
    return operand.ok ? ok({ kind: "not", operand: operand.value }) : operand;
  }
  if (!tokens.takeSymbol("(")) return withTruth(parsing, parseCounted(parsing, depth));
  const inner = parseOr(parsing, depth + 1, maxDepth);
  if (!inner.ok) return inner;
  const closing = tokens.peek();
  if (!tokens.takeSymbol(")")) return refuseQuery(`and, or or ) is expected, not ${found(closing)}`, closing.at);
  return withTruth(parsing, inner);
}

/**
 * The number is bounded before it is parsed, so that a refused filter costs no more than an
 * accepted one.
 */
function parseCounted(parsing: Parsing, depth: number): ODataResult<Filter> {
  const { conditions, tokens } = parsing;
  if (conditions.left === 0) {
    return refuseQuery("it has too many conditions; write those on one property as in (...)", tokens.peek().at);
  }
  conditions.left -= 1;
  return parseCondition(parsing, depth);
}

/** `contains(...) eq true`, as query builders write it. */
function withTruth({ tokens }: Parsing, condition: ODataResult<Filter>): ODataResult<Filter> {
  if (!condition.ok) return condition;
  const operator = tokens.word();
  const truth = tokens.word(1);
  if ((operator !== "eq" && operator !== "ne") || (truth !== "true" && truth !== "false")) return condition;
  tokens.take();
  tokens.take();
  return (operator === "eq") === (truth === "true") ? condition : ok({ kind: "not", operand: condition.value });
}
