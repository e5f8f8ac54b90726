import type { Value } from "../filter.ts";
import { readDatetime, startsLikeDate } from "./datetime.ts";
import type { Token } from "./lexer.ts";

/** A value as it was written. The field that it is compared with decides what it means. */
export interface Literal {
  readonly kind: "text" | "number" | "datetime" | "boolean" | "null";
  readonly value: Value;
  readonly at: number;
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** OData writes GUIDs without quotes, the contract writes ids with them. Both are text here. */
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const WORDS = new Map<string, boolean | null>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/**
 * The value of a token. Undefined: it is a name, or not a token of a value. A string: it begins
 * like a value but is not one; the string is the reason.
 */
export function readLiteral(token: Token): Literal | string | undefined {
  const { kind, text, at } = token;
  if (kind === "text") return { kind: "text", value: text, at };
  if (kind !== "word") return undefined;
  if (GUID.test(text)) return { kind: "text", value: text, at };
  const word = WORDS.get(text.toLowerCase());
  if (word !== undefined) return { kind: word === null ? "null" : "boolean", value: word, at };
  if (/^[A-Za-z_]/.test(text)) return undefined;
  const number = readNumber(text);
  if (number !== undefined) return { kind: "number", value: number, at };
  const datetime = readDatetime(text);
  if (datetime !== undefined) return { kind: "datetime", value: datetime, at };
  return startsLikeDate(text)
    ? "is not a datetime such as 2019-11-22T00:00:00Z"
    : "is not a number, a datetime or a GUID; text stands in single quotes";
}

/** Only numbers that a double represents exactly enough for a comparison with whole numbers. */
export function readNumber(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined;
  const number = Number(text);
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number + 0 : undefined;
}
