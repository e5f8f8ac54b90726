import { ok } from "../../domain/result.ts";
import type { Entity } from "../fields.ts";
import type { Filter } from "../filter.ts";
import { type ODataResult, quoted, refuseQuery } from "../odata-error.ts";
import type { Token } from "./lexer.ts";
import { type Literal, readLiteral } from "./literal.ts";
import type { TokenStream } from "./token-stream.ts";

/** What one reading of a filter carries along. */
export interface Parsing {
  readonly tokens: TokenStream;
  readonly entity: Entity;
  /** How many more conditions the whole filter may have. */
  readonly conditions: { left: number };
  /** A whole filter inside another. `depth`: how many parentheses, `not` and `any` are open. */
  readonly parseNested: (parsing: Parsing, depth: number) => ODataResult<Filter>;
}

/** How a message calls a token that was not expected. */
export const found = (token: Token): string => (token.kind === "end" ? "the end" : quoted(token.text));

export function need({ tokens }: Parsing, symbol: string): ODataResult<null> {
  const token = tokens.peek();
  return tokens.takeSymbol(symbol) ? ok(null) : refuseQuery(`${symbol} is expected, not ${found(token)}`, token.at);
}

/** Undefined: what comes next is no value, and was not taken. */
export function takeLiteral({ tokens }: Parsing): ODataResult<Literal> | undefined {
  const token = tokens.peek();
  const literal = readLiteral(token);
  if (literal === undefined) return undefined;
  if (typeof literal === "string") return refuseQuery(`${found(token)} ${literal}`, token.at);
  tokens.take();
  if (literal.kind === "datetime" && /^\d\d:\d\d$/.test(tokens.word()))
    return refuseQuery("a space stands before the datetime's offset: a + in a URL is written %2B", tokens.peek().at);
  return ok(literal);
}

export function needLiteral(parsing: Parsing): ODataResult<Literal> {
  const token = parsing.tokens.peek();
  return takeLiteral(parsing) ?? refuseQuery(`a value is expected, not ${found(token)}`, token.at);
}
