import { ok } from "../result.ts";
import { type Cursor, type Position, readCursor } from "./cursor.ts";
import type { Entity } from "./fields.ts";
import type { Filter } from "./filter.ts";
import { type ODataResult, quoted, refuseQuery } from "./odata-error.ts";
import { type OrderTerm, parseOrderBy } from "./order-by.ts";
import { parseFilter } from "./parse-filter.ts";
import { parseSelect } from "./select.ts";

/** In rows. contract/http-api.md section 8 gives the 10,000; the default page is ours (design, "Where the documents are silent"). */
export interface PageLimits {
  readonly defaultPage: number;
  /** A greater `$top` is refused. */
  readonly maxTop: number;
  /** A greater `$top` than this comes in several pages. */
  readonly maxPage: number;
}

export const PAGE_LIMITS: PageLimits = { defaultPage: 1_000, maxTop: 10_000, maxPage: 10_000 };

/** Greatest `$skip`: a cursor is the way to go far. */
const MAX_SKIP = 1_000_000_000;

/** What one page of a list is asked to hold. */
export interface ListQuery {
  readonly filter: Filter | null;
  /** Empty: the entity's own order. */
  readonly orderBy: readonly OrderTerm[];
  /** Rows of this page at most. */
  readonly pageSize: number;
  /** Rows that `$top` allows from here on; null without `$top`. */
  readonly left: number | null;
  /** Rows to pass over before the first page; 0 on later ones. */
  readonly skip: number;
  /** `@odata.count` is wanted: how many rows meet the filter, whatever `$top` and `$skip` say. */
  readonly count: boolean;
  readonly select: ReadonlySet<string> | null;
  readonly after: Position | null;
  /** What "now" is for this list, on every page of it. */
  readonly asOfMs: number;
  /** Options that the next link says again, word for word. */
  readonly repeated: readonly (readonly [name: string, text: string])[];
}

const OPTIONS = ["$filter", "$orderby", "$top", "$skip", "$count", "$select", "$skiptoken"] as const;
type Option = (typeof OPTIONS)[number];
const REPEATED: readonly Option[] = ["$filter", "$orderby", "$count", "$select"];

/** All options of a list, or the first that cannot be answered. What is not known is refused by name, not ignored. `nowMs`: the caller's clock. */
export function parseListQuery(
  params: URLSearchParams,
  entity: Entity,
  nowMs: number,
  limits: PageLimits = PAGE_LIMITS,
): ODataResult<ListQuery> {
  const read = readOptions(params);
  if (!read.ok) return read;
  const options = read.value;

  const filter = parsed(options.get("$filter"), null, (text) => named("$filter", parseFilter(text, entity)));
  if (!filter.ok) return filter;
  const orderBy = parsed(options.get("$orderby"), [], (text) => parseOrderBy(text, entity));
  if (!orderBy.ok) return orderBy;
  const select = parsed(options.get("$select"), null, (text) => parseSelect(text, entity));
  if (!select.ok) return select;
  const count = parsed(options.get("$count"), false, parseCount);
  if (!count.ok) return count;
  const top = parsed(options.get("$top"), null, (text) => parseWhole("$top", text, limits.maxTop));
  if (!top.ok) return top;
  const skip = parsed(options.get("$skip"), 0, (text) => parseWhole("$skip", text, MAX_SKIP));
  if (!skip.ok) return skip;
  const cursor = parsed<Cursor | null>(options.get("$skiptoken"), null, (text) =>
    readCursor(text, orderBy.value, entity),
  );
  if (!cursor.ok) return cursor;
  if (cursor.value && (options.has("$top") || options.has("$skip")))
    return refuseQuery("$top and $skip cannot stand beside $skiptoken, which carries what is left of them");

  const left = cursor.value ? cursor.value.left : top.value;
  return ok({
    filter: filter.value,
    orderBy: orderBy.value,
    pageSize: left === null ? limits.defaultPage : Math.min(left, limits.maxPage),
    left,
    skip: skip.value,
    count: count.value,
    select: select.value,
    after: cursor.value?.after ?? null,
    asOfMs: cursor.value?.asOfMs ?? nowMs,
    repeated: REPEATED.flatMap((name) => {
      const text = options.get(name);
      return text === undefined ? [] : [[name, text] as const];
    }),
  });
}

function readOptions(params: URLSearchParams): ODataResult<ReadonlyMap<Option, string>> {
  const options = new Map<Option, string>();
  for (const [written, text] of params) {
    const name = OPTIONS.find((option) => option === written.toLowerCase());
    if (!name) return refuseOption(written);
    if (options.has(name)) return refuseQuery(`the query option ${name} is given twice`);
    options.set(name, text);
  }
  return ok(options);
}

function refuseOption(written: string): ReturnType<typeof refuseQuery> {
  const meant = OPTIONS.find((option) => option === `$${written.toLowerCase()}`);
  const hint = meant ? `: write ${meant}` : `; there are ${OPTIONS.slice(0, -1).join(", ")}`;
  return refuseQuery(`the query option ${quoted(written)} is not supported${hint}`);
}

function parsed<T>(text: string | undefined, absent: T, parse: (text: string) => ODataResult<T>): ODataResult<T> {
  return text === undefined ? ok(absent) : parse(text);
}

/** An error of the filter's own text gets the option's name and the place, counted from 1 as people do. */
function named<T>(option: Option, result: ODataResult<T>): ODataResult<T> {
  if (result.ok) return result;
  const { detail, at } = result.error;
  return refuseQuery(at === undefined ? `${option}: ${detail}` : `${option}, character ${at + 1}: ${detail}`, at);
}

function parseCount(text: string): ODataResult<boolean> {
  const word = text.trim().toLowerCase();
  return word === "true" || word === "false" ? ok(word === "true") : refuseQuery("$count must be true or false");
}

function parseWhole(option: Option, text: string, max: number): ODataResult<number> {
  const number = /^\d{1,10}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return number <= max ? ok(number) : refuseQuery(`${option} must be a whole number from 0 to ${max}`);
}
