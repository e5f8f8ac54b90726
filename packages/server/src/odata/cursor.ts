import { ok } from "@halligan/protocol/errors";
import type { Entity, Field } from "./fields.ts";
import type { Value } from "./filter.ts";
import { type ODataResult, refuseQuery } from "./odata-error.ts";
import { type SortTerm, sortText } from "./sort.ts";

/** The last row of a page: its value for each sort term, then the unique sequence. */
export interface Position {
  readonly values: readonly Value[];
  readonly seq: number;
}

export interface Cursor {
  readonly after: Position;
  /** Rows that `$top` still allows after that page; null without `$top`. */
  readonly left: number | null;
  /**
   * The time of the first page, Unix milliseconds. Values that depend on the time (`lastSeen` of a
   * connected machine) must not change between pages.
   */
  readonly asOfMs: number;
}

/** The longest `$skiptoken`, in characters. A computer name of 255 six-byte escapes fits. */
const MAX_LENGTH = 8_192;

/**
 * The last time that a Date can hold, Unix milliseconds, because responses show times of a list as
 * of this time.
 */
const LATEST_MS = 8_640_000_000_000_000;

/**
 * Opaque to clients, but neither secret nor signed: a forged cursor only leads to another position
 * in a list that its caller may read in any case. The names are short because every page's link
 * contains them.
 */
export function writeCursor(cursor: Cursor, sort: readonly SortTerm[]): string {
  const { after, left, asOfMs } = cursor;
  const json = JSON.stringify({ o: sortText(sort), v: after.values, s: after.seq, l: left, t: asOfMs });
  // btoa accepts only Latin-1.
  const ascii = json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return btoa(ascii).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function readCursor(token: string, sort: readonly SortTerm[], entity: Entity): ODataResult<Cursor> {
  const parsed = token.length <= MAX_LENGTH && /^[A-Za-z0-9_-]+$/.test(token) ? decode(token) : undefined;
  if (typeof parsed !== "object" || parsed === null) return refuseToken();
  const { o, v, s, l, t }: { o?: unknown; v?: unknown; s?: unknown; l?: unknown; t?: unknown } = parsed;
  if (!isWhole(s) || !isWhole(t) || t > LATEST_MS || !(l === null || isWhole(l)) || !Array.isArray(v))
    return refuseToken();
  if (o !== sortText(sort)) return refuseQuery("$skiptoken belongs to another $orderby");
  const values = readValues(v, sort, entity);
  return values ? ok({ after: { values, seq: s }, left: l, asOfMs: t }) : refuseToken();
}

function readValues(given: readonly unknown[], sort: readonly SortTerm[], entity: Entity): Value[] | undefined {
  if (given.length !== sort.length) return undefined;
  const values: Value[] = [];
  for (const [index, term] of sort.entries()) {
    const field = entity.fields.get(term.field.toLowerCase());
    const value = given[index];
    if (!field || !fits(field.kind, value)) return undefined;
    values.push(value);
  }
  return values;
}

function fits(kind: Field["kind"], value: unknown): value is Value {
  if (value === null) return true;
  if (kind === "boolean") return typeof value === "boolean";
  if (kind === "datetime" || kind === "number") return Number.isSafeInteger(value);
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}

const isWhole = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function decode(token: string): unknown {
  try {
    return JSON.parse(atob(token.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    // The text is neither base64 nor JSON, so this server did not issue it.
    return undefined;
  }
}

const refuseToken = () => refuseQuery("$skiptoken is not one that this server has given out");
