import { CLOSE_ARRAY, CLOSE_OBJECT, endOfString, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from "./json-signs.ts";

export interface JsonBounds {
  /** Most levels of arrays and objects. */
  readonly maxDepth: number;
  /**
   * Most characters outside of strings: punctuation, numbers and white space. Each value except a
   * string has at least one, and each member has two.
   */
  readonly maxSyntaxCharacters: number;
}

/**
 * Why parsing the text would cost too much, as the end of a sentence; null when the text is within
 * the bounds. It accepts any text, including invalid JSON, and allocates nothing. The cost of
 * JSON.parse and of the schema check depends on the number of values. It is up to ten times as high
 * per byte as for one long string. White space costs five times as much.
 */
export function jsonBoundsFault(text: string, { maxDepth, maxSyntaxCharacters }: JsonBounds): string | null {
  let depth = 0;
  let syntaxCharacters = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    syntaxCharacters += 1;
    if (syntaxCharacters > maxSyntaxCharacters) {
      return `it has more than ${maxSyntaxCharacters} characters outside of its texts`;
    }
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
    if (depth > maxDepth) return `it is nested deeper than ${maxDepth} levels`;
  }
  return null;
}
