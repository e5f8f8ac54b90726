import { ok } from "@halligan/protocol/errors";
import type { Entity } from "../fields.ts";
import type { Filter } from "../filter.ts";
import { type ODataResult, quoted, refuseQuery } from "../odata-error.ts";
import type { Token } from "./lexer.ts";
import { type Literal, readLiteral } from "./literal.ts";
import type { TokenStream } from "./token-stream.ts";

/** The state of one parse of a filter. */
export interface Parsing {
  readonly tokens: TokenStream;
  readonly entity: Entity;
  /** Further conditions that the whole filter may have. */
  readonly conditions: { left: number };
  /**
   * Parses a whole filter inside another one. `depth`: number of open parentheses, `not` and `any`.
   */
  readonly parseNested: (parsing: Parsing, depth: number) => ODataResult<Filter>;
}

/** The name of an unexpected token in a message. */
export const found = (token: Token): string => (token.kind === "end" ? "the end" : quoted(token.text));

export function need({ tokens }: Parsing, symbol: string): ODataResult<null> {
  const token = tokens.peek();
  return tokens.takeSymbol(symbol) ? ok(null) : refuseQuery(`${symbol} is expected, not ${found(token)}`, token.at);
}

/** Undefined: the next token is not a value, and was not consumed. */
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
