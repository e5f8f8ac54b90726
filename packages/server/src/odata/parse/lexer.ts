import { ok } from "@halligan/protocol/errors";
import { type ODataResult, quoted, refuseQuery } from "../odata-error.ts";

export interface Token {
  /**
   * `text`: a quoted literal, without its quotes. `word`: names, keywords, numbers, datetimes and
   * GUIDs.
   */
  readonly kind: "word" | "text" | "symbol" | "end";
  readonly text: string;
  /** Where it begins, in UTF-16 units. */
  readonly at: number;
}

/** Counts the steps, so that a test can check that they grow only linearly with the length. */
export interface Meter {
  steps: number;
}

const SYMBOLS = "(),/:";
/** Includes line ends, because YAML and JSON templates fold long filters into lines. */
const SPACES = " \t\r\n";
const NAME = /[A-Za-z_][A-Za-z0-9_-]*/y;
/**
 * Begins with a digit, a sign or a point. A colon and a plus sign inside it belong to datetimes.
 */
const NUMERIC = /[\d.+-][A-Za-z0-9_.:+-]*/y;

/** Every character is examined a fixed number of times. */
export function readTokens(source: string, meter: Meter): ODataResult<readonly Token[]> {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const character = source.charAt(at);
    meter.steps += 1;
    if (SPACES.includes(character)) {
      at += 1;
    } else if (SYMBOLS.includes(character)) {
      tokens.push({ kind: "symbol", text: character, at });
      at += 1;
    } else if (character === "'") {
      const end = endOfText(source, at);
      meter.steps += (end ?? source.length) - at;
      if (end === undefined) return refuseQuery("a quoted text is not closed; a quote inside it is written twice", at);
      tokens.push({ kind: "text", text: source.slice(at + 1, end - 1).replaceAll("''", "'"), at });
      at = end;
    } else {
      const word = wordAt(source, at);
      if (word === undefined) {
        const [symbol = ""] = source.slice(at, at + 2);
        return refuseQuery(`the character ${quoted(symbol)} has no meaning here`, at);
      }
      meter.steps += word.length;
      tokens.push({ kind: "word", text: word, at });
      at += word.length;
    }
  }
  tokens.push({ kind: "end", text: "", at });
  return ok(tokens);
}

/** The index after the closing quote. */
function endOfText(source: string, at: number): number | undefined {
  let close = source.indexOf("'", at + 1);
  while (close >= 0 && source.charAt(close + 1) === "'") close = source.indexOf("'", close + 2);
  return close < 0 ? undefined : close + 1;
}

function wordAt(source: string, at: number): string | undefined {
  for (const form of [NAME, NUMERIC]) {
    form.lastIndex = at;
    const [word] = form.exec(source) ?? [];
    if (word !== undefined) return word;
  }
  return undefined;
}
