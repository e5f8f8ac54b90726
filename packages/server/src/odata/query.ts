import { ok } from "@halligan/protocol/errors";
import { type Cursor, type Position, readCursor } from "./cursor.ts";
import type { Entity } from "./fields.ts";
import type { Filter } from "./filter.ts";
import { type ODataResult, quoted, refuseQuery } from "./odata-error.ts";
import { parseFilter } from "./parse/parse-filter.ts";
import { parseSelect } from "./select.ts";
import { parseSort, type SortTerm } from "./sort.ts";

/** Options of a list in addition to its entity. */
export interface ListKind extends Partial<PageLimits> {
  /** Default true. False: all rows are on one page. */
  readonly hasPages?: boolean;
}

/**
 * In rows. docs/contract/http-api.md#list-machine-actions defines the 10,000; the default page is
 * Halligan's choice (docs/contract/choices.md).
 */
export interface PageLimits {
  readonly defaultPage: number;
  /** A larger `$top` is refused. */
  readonly maxTop: number;
  /** A larger `$top` is returned in several pages. */
  readonly maxPage: number;
}

export const PAGE_LIMITS: PageLimits = { defaultPage: 1_000, maxTop: 10_000, maxPage: 10_000 };

/** Largest `$skip`. Clients that go further use a cursor. */
const MAX_SKIP = 1_000_000_000;

/** The request for one page of a list. */
export interface ListQuery {
  readonly filter: Filter | null;
  /** Empty: the entity's own sort. */
  readonly sort: readonly SortTerm[];
  /** Maximum number of rows on this page. */
  readonly pageSize: number;
  /** Rows that `$top` allows from here on; null without `$top`. */
  readonly left: number | null;
  /** Rows to skip before the first page; 0 on later ones. */
  readonly skip: number;
  /**
   * `@odata.count` is requested: the number of rows that meet the filter, independent of `$top` and
   * `$skip`.
   */
  readonly count: boolean;
  readonly select: ReadonlySet<string> | null;
  readonly after: Position | null;
  /** The meaning of "now" for this list, the same on every page. */
  readonly asOfMs: number;
  /** Options that the next link repeats verbatim. */
  readonly repeated: readonly (readonly [name: string, text: string])[];
}

const OPTIONS = ["$filter", "$orderby", "$top", "$skip", "$count", "$select"] as const;
/** Of a list with pages. Not named in messages, because the server issues it. */
const PAGED_OPTIONS = [...OPTIONS, "$skiptoken"] as const;
/** Of alerts, which have evidence to expand. */
const ALERT_OPTIONS = [...OPTIONS, "$expand"] as const;
type Option = (typeof PAGED_OPTIONS)[number] | (typeof ALERT_OPTIONS)[number];
const REPEATED: readonly Option[] = ["$filter", "$orderby", "$count", "$select"];

/**
 * All options of a list, or the first one that is not supported. An unknown option is refused by
 * name and not ignored. `nowMs`: the caller's clock.
 */
export function parseListQuery(
  params: URLSearchParams,
  entity: Entity,
  nowMs: number,
  { hasPages = true, ...kind }: ListKind = {},
): ODataResult<ListQuery> {
  const limits = { ...PAGE_LIMITS, ...kind };
  const read = readOptions(params, hasPages ? PAGED_OPTIONS : OPTIONS);
  if (!read.ok) return read;
  const options = read.value;

  const filter = parsed(options.get("$filter"), null, (text) => named("$filter", parseFilter(text, entity)));
  if (!filter.ok) return filter;
  const sort = parsed(options.get("$orderby"), [], (text) => parseSort(text, entity));
  if (!sort.ok) return sort;
  const select = parsed(options.get("$select"), null, (text) => parseSelect(text, entity));
  if (!select.ok) return select;
  const count = parsed(options.get("$count"), false, parseCount);
  if (!count.ok) return count;
  const top = parsed(options.get("$top"), null, (text) => parseWhole("$top", text, limits.maxTop));
  if (!top.ok) return top;
  const skip = parsed(options.get("$skip"), 0, (text) => parseWhole("$skip", text, MAX_SKIP));
  if (!skip.ok) return skip;
  const cursor = parsed<Cursor | null>(options.get("$skiptoken"), null, (text) => readCursor(text, sort.value, entity));
  if (!cursor.ok) return cursor;
  if (cursor.value && (options.has("$top") || options.has("$skip")))
    return refuseQuery("$top and $skip cannot stand beside $skiptoken, which carries what is left of them");

  const left = cursor.value ? cursor.value.left : top.value;
  return ok({
    filter: filter.value,
    sort: sort.value,
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

/**
 * The options of a list that is always empty. No filter, sort or selection can change it, so their
 * values are not parsed. The names and the form of the options are checked as for every list.
 */
export function parseEmptyListQuery(params: URLSearchParams): ODataResult<Pick<ListQuery, "count">> {
  const read = readOptions(params, ALERT_OPTIONS);
  if (!read.ok) return read;
  const count = parsed(read.value.get("$count"), false, parseCount);
  if (!count.ok) return count;
  const top = parsed(read.value.get("$top"), null, (text) => parseWhole("$top", text, PAGE_LIMITS.maxTop));
  if (!top.ok) return top;
  const skip = parsed(read.value.get("$skip"), 0, (text) => parseWhole("$skip", text, MAX_SKIP));
  return skip.ok ? ok({ count: count.value }) : skip;
}

/**
 * The rule of every list: names in any letter case, each once, none empty. An unknown name is
 * refused by name.
 */
function readOptions(params: URLSearchParams, known: readonly Option[]): ODataResult<ReadonlyMap<Option, string>> {
  const options = new Map<Option, string>();
  for (const [written, text] of params) {
    const name = known.find((option) => option === written.toLowerCase());
    if (!name) return refuseOption(written, known);
    if (text.trim() === "") return refuseQuery(`the query option ${name} is empty`);
    if (options.has(name)) return refuseQuery(`the query option ${name} is given twice`);
    options.set(name, text);
  }
  return ok(options);
}

function refuseOption(written: string, known: readonly Option[]): ReturnType<typeof refuseQuery> {
  const meant = known.find((option) => option === `$${written.toLowerCase()}`);
  const hint = meant ? `: write ${meant}` : `; there are ${OPTIONS.join(", ")}`;
  return refuseQuery(`the query option ${quoted(written)} is not supported${hint}`);
}

function parsed<T>(text: string | undefined, absent: T, parse: (text: string) => ODataResult<T>): ODataResult<T> {
  return text === undefined ? ok(absent) : parse(text);
}

/** An error in the filter's own text gets the option's name and the position, counted from 1. */
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
