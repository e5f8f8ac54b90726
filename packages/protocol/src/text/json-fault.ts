import { cleanText, textFault } from "./clean-text.ts";
import { CLOSE_ARRAY, CLOSE_OBJECT, COMMA, endOfString, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from "./json-signs.ts";

type Frame =
  | { readonly kind: "object"; keys: Set<string> | null; key: string }
  | { readonly kind: "array"; index: number };

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** A number with fewer characters and without an exponent can be held exactly. */
const SHORT_NUMBER_CHARS = 15;

/**
 * Finds valid JSON that parsers interpret differently, and reports its position: a duplicate name
 * in one object (JSON.parse silently keeps the last), `__proto__`, a number beyond ±(2^53 - 1), a
 * lone surrogate or a NUL in any name or value. Property names keep their case: the contract's are
 * case-sensitive. It compares character codes, because a MiB of one-character strings took 40 ms.
 *
 * @param text valid JSON, within bounds
 */
export function findJsonFault(text: string, { acceptsUncleanText = false } = {}): string | null {
  const frames: Frame[] = [];
  let frame: Frame | undefined;
  let isName = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      isName = code === OPEN_OBJECT;
      frame = isName ? { kind: "object", keys: null, key: "" } : { kind: "array", index: 0 };
      frames.push(frame);
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      frames.pop();
      frame = frames.at(-1);
    } else if (code === COMMA) {
      if (frame?.kind === "array") frame.index += 1;
      isName = frame?.kind === "object";
    } else if (code === QUOTE) {
      const end = endOfString(text, i);
      const quoted = text.slice(i, end + 1);
      // Without escapes it is as clean as the bytes that it came from: strict UTF-8, and no JSON
      // with a raw NUL is valid.
      const fault = !acceptsUncleanText && quoted.includes("\\u") ? textFault(decodeString(quoted)) : null;
      if (isName && frame?.kind === "object") frame.key = decodeString(quoted);
      if (fault !== null) return `${pathOf(frames)} ${fault}`;
      if (isName && frame?.kind === "object") {
        if (frame.keys?.has(frame.key)) return `${pathOf(frames)} is given more than once`;
        if (frame.key === "__proto__") return `${pathOf(frames)} is not a property name that is accepted`;
        frame.keys ??= new Set();
        frame.keys.add(frame.key);
        isName = false;
      }
      i = end;
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = endOfNumber(text, i);
      if (!isExact(text, i, end)) {
        return `${pathOf(frames)} is a number beyond ${Number.MAX_SAFE_INTEGER}, which cannot be held exactly`;
      }
      i = end - 1;
    }
  }
  return null;
}

/** Digits, signs, point and exponent: what else may follow is none of them. */
const isNumeral = (code: number): boolean =>
  (code >= ZERO && code <= NINE) || code === MINUS || code === 0x2b || code === 0x2e || (code | 0x20) === 0x65;

function endOfNumber(text: string, start: number): number {
  let i = start + 1;
  while (isNumeral(text.charCodeAt(i))) i += 1;
  return i;
}

function isExact(text: string, start: number, end: number): boolean {
  if (end - start <= 3) return true;
  const number = text.slice(start, end);
  if (number.length < SHORT_NUMBER_CHARS && !/e/i.test(number)) return true;
  return Math.abs(Number(number)) <= Number.MAX_SAFE_INTEGER;
}

const decodeString = (quoted: string): string => {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  const decoded: unknown = JSON.parse(quoted);
  return typeof decoded === "string" ? decoded : quoted;
};

/** Longest name that a message repeats. */
const MAX_NAME_CHARS = 80;

/** A position in the notation that people use: `Commands[0].params[1].key`. */
const pathOf = (frames: readonly Frame[]): string =>
  frames.reduce((path, frame) => {
    if (frame.kind === "array") return `${path}[${frame.index}]`;
    const name = cleanText(frame.key.slice(0, MAX_NAME_CHARS));
    return path === "" ? name : `${path}.${name}`;
  }, "") || "the body";
