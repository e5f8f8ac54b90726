/**
 * Patterns of paths: `*`, `?`, `[a-z]`, `[!a-z]`, a backslash before a character that is meant
 * literally, and `**` as a whole part for any number of folders. Pure.
 *
 * Unlike in a shell, `*` and `?` match a dot at the beginning of a name, because hidden files are
 * evidence too. The time for one name is bounded by the product of the lengths of name and pattern,
 * whatever the pattern, because only the last `*` is ever tried again. A regular expression has no
 * such bound.
 */
import { isUtf8 } from "node:buffer";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { bufferOf, type PathBytes } from "./path-bytes.ts";

type Token =
  | { kind: "character"; code: number }
  | { kind: "anyCharacter" }
  | { kind: "anyCharacters" }
  | { kind: "class"; isNegated: boolean; ranges: readonly (readonly [number, number])[] };

type Part = { kind: "anyFolders" } | { kind: "name"; tokens: Tokens };

/** A pattern for characters, and the same for bytes where a name or the pattern is not UTF-8. */
interface Tokens {
  characters: readonly Token[] | null;
  bytes: readonly Token[];
}

/** Numbers of parts. One of them must match the next name. Sorted, each once. */
export type Positions = readonly number[];

export interface Pattern {
  /** The folder in which the search starts, without a wildcard, absolute. */
  startFolder: PathBytes;
  parts: readonly Part[];
  isRecursive: boolean;
}

/** Every file and folder below a folder. */
export const EVERYTHING: Pattern["parts"] = [{ kind: "anyFolders" }];

/** The error is the reason, for people. */
export function parsePattern(pattern: PathBytes): Result<Pattern, string> {
  if (!pattern.startsWith("/")) return err("a pattern must begin with a slash");
  if (pattern.endsWith("/")) return err("a pattern must not end with a slash");
  const names = pattern.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) return err("a pattern must not have '..' as a part");
  const first = names.findIndex(hasWildcard);
  if (first < 0) return err("it has no wildcard; ask for it as a file or a folder");
  const parts = names.slice(first).map(parsePart);
  const startFolder = `/${names.slice(0, first).map(unescaped).join("/")}`;
  return ok({ startFolder, parts, isRecursive: parts.some(({ kind }) => kind === "anyFolders") });
}

/** The positions before the first name. */
export const startOf = (parts: Pattern["parts"]): Positions => closure(parts, [0]);

/** `isMatch`: the path to this name matches. `below`: for the names in it; empty for none. */
export function step(parts: Pattern["parts"], at: Positions, name: PathBytes): { isMatch: boolean; below: Positions } {
  const next: number[] = [];
  for (const position of at) {
    const part = parts[position];
    if (part?.kind === "anyFolders") next.push(position);
    else if (part && matchesName(part.tokens, name)) next.push(position + 1);
  }
  const after = closure(parts, next);
  return { isMatch: after.includes(parts.length), below: after.filter((position) => position < parts.length) };
}

/** `**` also stands for no folder at all. */
function closure(parts: Pattern["parts"], positions: readonly number[]): number[] {
  const all = new Set<number>();
  for (const position of positions) {
    let at = position;
    all.add(at);
    while (parts[at]?.kind === "anyFolders") all.add(++at);
  }
  return [...all].sort((a, b) => a - b);
}

const hasWildcard = (name: string): boolean => /(^|[^\\])(\\\\)*[*?[]/.test(name);
const unescaped = (name: string): string => name.replace(/\\(.)/gs, "$1");

function parsePart(name: PathBytes): Part {
  if (name === "**") return { kind: "anyFolders" };
  const bytes = bufferOf(name);
  const tokens = {
    characters: isUtf8(bytes) ? parseTokens(codesOf(bytes, true)) : null,
    bytes: parseTokens(codesOf(bytes, false)),
  };
  return { kind: "name", tokens };
}

const codesOf = (bytes: Buffer, isText: boolean): number[] =>
  isText ? Array.from(bytes.toString("utf8"), (character) => character.codePointAt(0) ?? 0) : [...bytes];

const [STAR, QUESTION, OPEN, CLOSE, BACKSLASH, DASH, BANG, CARET] = Array.from("*?[]\\-!^", (c) => c.charCodeAt(0));

function parseTokens(codes: readonly number[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === undefined) break;
    if (code === STAR) {
      if (tokens.at(-1)?.kind !== "anyCharacters") tokens.push({ kind: "anyCharacters" });
      continue;
    }
    if (code === QUESTION) {
      tokens.push({ kind: "anyCharacter" });
      continue;
    }
    const found = code === OPEN ? parseClass(codes, at) : null;
    if (found) {
      tokens.push(found.token);
      at = found.end;
      continue;
    }
    const escaped = code === BACKSLASH ? codes[at + 1] : undefined;
    if (escaped !== undefined) at++;
    tokens.push({ kind: "character", code: escaped ?? code });
  }
  return tokens;
}

/** Null for a bracket that is not closed, which stands for itself. `end`: of its last code. */
function parseClass(codes: readonly number[], open: number): { token: Token; end: number } | null {
  let at = open + 1;
  const isNegated = codes[at] === BANG || codes[at] === CARET;
  if (isNegated) at++;
  const first = at;
  const ranges: [number, number][] = [];
  for (; at < codes.length; at++) {
    if (codes[at] === CLOSE && at > first) return { token: { kind: "class", isNegated, ranges }, end: at };
    if (codes[at] === BACKSLASH) at++;
    const from = codes[at];
    if (from === undefined) return null;
    const to = codes[at + 1] === DASH && codes[at + 2] !== CLOSE ? codes[at + 2] : undefined;
    ranges.push([from, to ?? from]);
    if (to !== undefined) at += 2;
  }
  return null;
}

function matchesName({ characters, bytes }: Tokens, name: PathBytes): boolean {
  const buffer = bufferOf(name);
  return characters && isUtf8(buffer)
    ? matches(characters, codesOf(buffer, true))
    : matches(bytes, codesOf(buffer, false));
}

function matches(tokens: readonly Token[], name: readonly number[]): boolean {
  let [token, at] = [0, 0];
  let lastStar = -1;
  let starAt = 0;
  while (at < name.length) {
    const expected = tokens[token];
    if (expected?.kind === "anyCharacters") {
      lastStar = token++;
      starAt = at;
    } else if (expected && matchesCode(expected, name[at] ?? 0)) {
      token++;
      at++;
    } else if (lastStar >= 0) {
      token = lastStar + 1;
      at = ++starAt;
    } else return false;
  }
  while (tokens[token]?.kind === "anyCharacters") token++;
  return token === tokens.length;
}

function matchesCode(token: Token, code: number): boolean {
  switch (token.kind) {
    case "character":
      return token.code === code;
    case "class":
      return token.ranges.some(([from, to]) => code >= from && code <= to) !== token.isNegated;
    default:
      return true;
  }
}
