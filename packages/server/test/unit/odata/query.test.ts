import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readCursor, writeCursor } from "../../../src/odata/cursor.ts";
import { LIBRARY_FILES } from "../../../src/odata/entities/library-file-fields.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import { nextLink } from "../../../src/odata/next-link.ts";
import { type ListQuery, parseEmptyListQuery, parseListQuery } from "../../../src/odata/query.ts";
import { selectProperties } from "../../../src/odata/select.ts";
import { arbitraryText } from "./arbitrary-values.ts";
import { RUNS, SEED } from "./runs.ts";

const NOW_MS = 1_767_225_600_000;
const URL_OF_LIST = "https://mde.example/api/machineactions";

function query(text: string): ListQuery {
  const result = parseListQuery(new URLSearchParams(text), MACHINE_ACTIONS, NOW_MS);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

function refusal(text: string): string {
  const result = parseListQuery(new URLSearchParams(text), MACHINE_ACTIONS, NOW_MS);
  if (result.ok) throw new Error(`${text} was accepted`);
  return result.error.detail;
}

test("without options a page is 1,000 rows, all properties, in the list's own order", () => {
  assert.deepEqual(query(""), {
    filter: null,
    sort: [],
    pageSize: 1_000,
    left: null,
    skip: 0,
    count: false,
    select: null,
    after: null,
    asOfMs: NOW_MS,
    repeated: [],
  });
});

test("options are understood in any letter case and encoding", () => {
  const given = query("%24Top=50&$SKIP=5&$Count=TRUE&$OrderBy=CreationDateTimeUtc+DESC,%20id&$select=ID,status");
  assert.deepEqual([given.pageSize, given.left, given.skip, given.count], [50, 50, 5, true]);
  assert.deepEqual(given.sort, [
    { field: "creationDateTimeUtc", descending: true },
    { field: "id", descending: false },
  ]);
  assert.deepEqual([...(given.select ?? [])], ["id", "status"]);
});

for (const [text, expected] of [
  ["$expand=machine", /"\$expand" is not supported/],
  ["$search=x", /"\$search" is not supported/],
  ["$apply=x", /"\$apply" is not supported/],
  ["$format=json", /"\$format" is not supported/],
  ["filter=id eq 'x'", /"filter" is not supported: write \$filter/],
  ["api-version=1", /"api-version" is not supported/],
  ["$top=1&$TOP=1", /\$top is given twice/],
  ["$top=10001", /\$top must be a whole number from 0 to 10000/],
  ["$top=-1", /\$top must be/],
  ["$top=", /\$top is empty/],
  ["$top=1e3", /\$top must be/],
  ["$skip=x", /\$skip must be/],
  ["$count=yes", /\$count must be true or false/],
  ["$select=nope", /"nope" is not a top-level property of machine actions/],
  ["$select=commands/index", /"commands\/index"/],
  ["$orderby=nope", /"nope" is not a property that machine actions can be ordered by/],
  ["$orderby=title", /"title" is not a property that machine actions can be ordered by/],
  ["$orderby=id down", /only asc or desc/],
  ["$orderby=id asc desc", /only asc or desc/],
  ["$orderby=id,ID desc", /id is named twice/],
  ["$filter=status eq", /\$filter, character 10: a value is expected, not the end/],
  ["$filter=%20", /\$filter is empty/],
  ["$skiptoken=e30", /not one that this server has given out/],
  ["$skiptoken=", /\$skiptoken is empty/],
] as const) {
  test(`refused by name: ${text}`, () => assert.match(refusal(text), expected));
}

test("a list without pages has every option but $skiptoken, and an empty list takes $expand too", () => {
  const whole = (text: string) => parseListQuery(new URLSearchParams(text), LIBRARY_FILES, NOW_MS, { hasPages: false });
  assert.ok(whole("$filter=fileName eq 'a'&$orderby=createdBy&$top=1&$skip=1&$count=true&$select=sha256").ok);
  assert.ok(!whole("$skiptoken=e30").ok);
  assert.ok(!whole("$expand=x").ok);
  const empty = (text: string) => parseEmptyListQuery(new URLSearchParams(text));
  assert.deepEqual(empty("$top=1&$expand=evidence&$filter=severity eq 'High'&$COUNT=true"), {
    ok: true,
    value: { count: true },
  });
  for (const text of ["$foo=1", "foo", "top=1", "$top=x", "$top=1&$TOP=2", "$count=", "$skip=-1", "$skiptoken=e30"]) {
    assert.ok(!empty(text).ok, text);
  }
});

const after = (seq: number) => ({ values: [], seq });

test("the next link repeats what the list is and carries what is left of $top", () => {
  const filter = "requestor eq 'a+b & ü#'";
  const first = parseListQuery(
    new URLSearchParams([
      ["$filter", filter],
      ["$Select", "id"],
      ["$count", "true"],
      ["$top", "25"],
      ["$skip", "3"],
    ]),
    MACHINE_ACTIONS,
    NOW_MS,
    { defaultPage: 10, maxTop: 100, maxPage: 10 },
  );
  assert.ok(first.ok);
  assert.deepEqual([first.value.pageSize, first.value.left], [10, 25]);
  const link = new URL(nextLink(URL_OF_LIST, first.value, after(77), 7));
  assert.equal(link.origin + link.pathname, URL_OF_LIST);
  assert.deepEqual([...link.searchParams.keys()], ["$filter", "$count", "$select", "$skiptoken"]);
  assert.equal(link.searchParams.get("$filter"), filter);
  const second = parseListQuery(link.searchParams, MACHINE_ACTIONS, NOW_MS + 5_000, {
    defaultPage: 10,
    maxTop: 100,
    maxPage: 10,
  });
  assert.ok(second.ok);
  assert.deepEqual(
    [second.value.pageSize, second.value.left, second.value.skip, second.value.count, second.value.asOfMs],
    [10, 18, 0, true, NOW_MS],
    "what is left of $top counts the rows that were shown, also when the page ended early",
  );
  assert.deepEqual(second.value.after, after(77));
});

test("a $skiptoken is refused with $top and $skip, and with another sort", () => {
  const link = new URL(nextLink(URL_OF_LIST, query("$orderby=status"), { values: ["Failed"], seq: 3 }, 10)).search;
  assert.match(refusal(`${link}&$top=5`), /beside \$skiptoken/);
  assert.match(refusal(link.replace("status", "requestor")), /another \$orderby/);
  assert.equal(query(link).after?.seq, 3);
});

test("a position is carried by the token as it was, whatever its texts are", () => {
  const sort = [
    { field: "computerDnsName", descending: true },
    { field: "osBuild", descending: false },
    { field: "version", descending: false },
    { field: "lastSeen", descending: true },
  ];
  fc.assert(
    fc.property(
      arbitraryText,
      fc.option(fc.integer()),
      fc.option(arbitraryText),
      fc.maxSafeInteger(),
      fc.nat(),
      (name, build, version, seen, seq) => {
        const cursor = {
          after: { values: [name, build, version, seen], seq },
          left: seq % 2 ? seq : null,
          asOfMs: NOW_MS,
        };
        const token = writeCursor(cursor, sort);
        assert.match(token, /^[A-Za-z0-9_-]+$/);
        assert.deepEqual(readCursor(token, sort, MACHINES), { ok: true, value: cursor });
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

const ORDERED_BY_STATUS = [{ field: "status", descending: false }];
const PARTS = {
  o: fc.constantFrom<unknown>("status asc", "status desc", "", null, 1),
  v: fc.oneof(
    fc.constant<unknown>(["Failed"]),
    fc.array(fc.jsonValue(), { maxLength: 2 }),
    fc.constantFrom<unknown>(null, ["\0"], ["\ud800"], [1e308]),
  ),
  s: fc.constantFrom<unknown>(1, 0, -1, 1.5, 2 ** 60, "1", null),
  l: fc.constantFrom<unknown>(null, 5, -5, 0.5, "x"),
  t: fc.constantFrom<unknown>(NOW_MS, -1, 1e300, 9e15, null),
};

test("a forged token is refused or names a place, and never more", () => {
  const inOurShape = fc.oneof(fc.record(PARTS), fc.record(PARTS, { requiredKeys: [] }));
  const text = fc.oneof(
    { weight: 4, arbitrary: inOurShape.map((cursor) => JSON.stringify(cursor)) },
    fc.json(),
    fc.string(),
  );
  const token = fc.oneof(
    text.map((json) => Buffer.from(json).toString("base64url")),
    fc.string(),
  );
  fc.assert(
    fc.property(token, (forged) => {
      const result = readCursor(forged, ORDERED_BY_STATUS, MACHINE_ACTIONS);
      if (!result.ok) return assert.equal(result.error.code, "ODataError");
      const { after: place, left, asOfMs } = result.value;
      const [status] = place.values;
      assert.ok(status === null || typeof status === "string");
      assert.ok(Number.isSafeInteger(place.seq) && place.seq >= 0 && (left === null || left >= 0));
      assert.doesNotThrow(() => new Date(asOfMs).toISOString());
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

test("$select keeps the wire form's own order and values", () => {
  const wire = { id: "x", status: "Failed", title: null };
  assert.deepEqual(selectProperties(wire, new Set(["title", "id"])), { id: "x", title: null });
  assert.deepEqual(Object.keys(selectProperties(wire, new Set(["title", "id"]))), ["id", "title"]);
  assert.equal(selectProperties(wire, null), wire);
  assert.equal(query("$select=id,*").select, null);
});
