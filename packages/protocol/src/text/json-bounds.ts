import { CLOSE_ARRAY, CLOSE_OBJECT, endOfString, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from "./json-signs.ts";

export interface JsonBounds {
  /** Levels of arrays and objects. */
  readonly maxDepth: number;
  /** Characters outside of strings: signs, numbers and white space. Each value but a string has one at least, and each member two. */
  readonly maxSyntaxCharacters: number;
}

/**
 * What JSON.parse would cost too much for, as the end of a sentence; null where the text is within the bounds. Takes any text, also one
 * that is not JSON, and makes nothing: JSON.parse and what checks its value cost by the value, up to ten times as much per byte
 * as for one long string. White space costs five times as much.
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
