import assert from "node:assert/strict";
import { test } from "node:test";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import type { Entity } from "../../../src/odata/fields.ts";
import { ELEMENT, type Filter, type Value } from "../../../src/odata/filter.ts";
import { FILTER_LIMITS, parseFilter } from "../../../src/odata/parse/parse-filter.ts";

function parsed(text: string, entity: Entity = MACHINE_ACTIONS): Filter {
  const result = parseFilter(text, entity);
  if (!result.ok) throw new Error(`${text}: ${result.error.detail}`);
  return result.value;
}

function refusal(text: string, entity: Entity = MACHINE_ACTIONS): { detail: string; at: number | undefined } {
  const result = parseFilter(text, entity);
  if (result.ok) throw new Error(`${text} was accepted`);
  return { detail: result.error.detail, at: result.error.at };
}

const FOLDED = ["requestor", ELEMENT];
const eq = (field: string, value: Value): Filter => ({
  kind: "compare",
  operand: { field, fold: FOLDED.includes(field) ? "lower" : "none" },
  operator: "eq",
  value,
});
const [a, b, c] = [eq("requestor", "a"), eq("requestor", "b"), eq("requestor", "c")];
const [A, B, C] = ["requestor eq 'a'", "requestor eq 'b'", "requestor eq 'c'"];

test("not binds tighter than and, and tighter than or", () => {
  assert.deepEqual(parsed(`${A} or ${B} and ${C}`), {
    kind: "or",
    operands: [a, { kind: "and", operands: [b, c] }],
  });
  assert.deepEqual(parsed(`(${A} or ${B}) and ${C}`), {
    kind: "and",
    operands: [{ kind: "or", operands: [a, b] }, c],
  });
  assert.deepEqual(parsed(`not ${A} and ${B}`), { kind: "and", operands: [{ kind: "not", operand: a }, b] });
  assert.deepEqual(parsed(`not (${A} and ${B})`), { kind: "not", operand: { kind: "and", operands: [a, b] } });
});

test("names, keywords and functions come in any letter case, the property with the table's spelling", () => {
  assert.deepEqual(parsed("NOT MACHINEID EQ 'x' AND Status Ne NULL"), {
    kind: "and",
    operands: [
      { kind: "not", operand: eq("machineId", "x") },
      { kind: "compare", operand: { field: "status", fold: "none" }, operator: "ne", value: null },
    ],
  });
  assert.equal(parsed("STARTSWITH(requestor,'x')").kind, "match");
});

test("a doubled quote is one quote", () => {
  assert.deepEqual(parsed("requestor eq 'O''Neil'''"), eq("requestor", "o'neil'"));
  assert.deepEqual(parsed("requestor eq ''"), eq("requestor", ""));
});

const MS = Date.UTC(2019, 10, 22);
for (const [written, ms] of [
  ["2019-11-22T00:00:00Z", MS],
  ["2019-11-22T00:00:00z", MS],
  ["2019-11-22t00:00:00Z", MS],
  ["'2019-11-22T00:00:00Z'", MS],
  ["2019-11-22Z", MS],
  ["2019-11-22", MS],
  ["2019-11-22T00:00Z", MS],
  ["2019-11-22T00:00:00", MS],
  ["2019-11-22T02:00:00+02:00", MS],
  ["2019-11-21T18:30:00-05:30", MS],
  ["2019-11-22T00:00:00.1Z", MS + 100],
  ["2019-11-22T00:00:00.1230000Z", MS + 123],
  ["2019-11-22T00:00:00.1234567Z", MS + 123.5],
  ["0001-01-01T00:00:00Z", -62_135_596_800_000],
] as const) {
  test(`the datetime ${written} is understood`, () => {
    assert.deepEqual(parsed(`creationDateTimeUtc eq ${written}`), eq("creationDateTimeUtc", ms));
  });
}

for (const written of [
  "2019-02-29",
  "2019-13-01Z",
  "2019-11-22T24:00:00Z",
  "2019-11-22T00:00:60Z",
  "2019-11-22T00:00:00.Z",
  "2019-1-2Z",
]) {
  test(`${written} is no datetime, and the answer shows how one looks`, () => {
    const { detail, at } = refusal(`creationDateTimeUtc ge ${written}`);
    assert.match(detail, /2019-11-22T00:00:00Z/);
    assert.equal(at, 23);
  });
}

test("a + that became a space on its way is recognised", () => {
  assert.match(refusal("creationDateTimeUtc ge 2019-11-22T00:00:00 02:00").detail, /%2B/);
});

test("ids are compared in lower case and may come without quotes", () => {
  const id = "5382f7ea-7557-4ab7-9782-d50480024a4e";
  assert.deepEqual(parsed(`id eq '${id.toUpperCase()}'`), eq("id", id));
  assert.deepEqual(parsed(`id eq ${id}`), eq("id", id));
  assert.deepEqual(
    parsed("id eq ABCDEF01-7557-4ab7-9782-d50480024a4e"),
    eq("id", "abcdef01-7557-4ab7-9782-d50480024a4e"),
  );
});

test("a word of an enum gets the contract's spelling; an unknown one is refused where the list is complete", () => {
  assert.deepEqual(parsed("status eq 'inprogress'"), eq("status", "InProgress"));
  assert.deepEqual(parsed("tolower(status) eq 'pending'"), eq("status", "Pending"));
  assert.deepEqual(parsed("type eq 'SomethingNew'"), eq("type", "SomethingNew"));
  assert.match(refusal("status eq 'Canceled'").detail, /Pending, InProgress, Succeeded, Failed, TimeOut, Cancelled/);
});

test("a value may stand on the left", () => {
  assert.deepEqual(parsed("'x' eq machineId"), eq("machineId", "x"));
  assert.deepEqual(parsed("2019-11-22Z lt creationDateTimeUtc"), parsed("creationDateTimeUtc gt 2019-11-22Z"));
});

test("a condition may be compared with true and false", () => {
  const match = parsed("contains(requestor,'x')");
  assert.deepEqual(parsed("contains(requestor,'x') eq true"), match);
  assert.deepEqual(parsed("contains(requestor,'x') ne true"), { kind: "not", operand: match });
  assert.deepEqual(parsed(`(${A}) eq false`), { kind: "not", operand: a });
});

test("an empty list is a list: it matches nothing", () => {
  assert.deepEqual(parsed("id in ()"), { kind: "in", operand: { field: "id", fold: "none" }, values: [] });
});

test("any looks into a list of texts, under whatever name", () => {
  const where = eq("it", "x");
  assert.deepEqual(parsed("machineTags/any(Tag: tag eq 'x')", MACHINES), { kind: "any", field: "machineTags", where });
  assert.deepEqual(parsed("machineTags/any()", MACHINES), { kind: "any", field: "machineTags", where: null });
  assert.match(refusal("machineTags eq 'x'", MACHINES).detail, /machineTags\/any\(t: t eq '\.\.\.'\)/);
  assert.match(refusal("machineTags/all(t: t eq 'x')", MACHINES).detail, /only any/);
  assert.match(refusal("machineTags/any(t: id eq 'x')", MACHINES).detail, /"id" is not a property of the elements/);
});

test("a number and a datetime may come in quotes", () => {
  assert.deepEqual(parsed("rbacGroupId eq '0'", MACHINES), eq("rbacGroupId", 0));
  assert.deepEqual(parsed("osBuild eq -19045.5", MACHINES), eq("osBuild", -19045.5));
});

for (const [text, expected, at] of [
  ["", /a condition is expected, not the end/, 0],
  ["   ", /a condition is expected, not the end/, 3],
  ["foo eq 'x'", /"foo" is not a property of machine actions/, 0],
  ["title eq 'x'", /the property title of machine actions cannot be filtered on/, 0],
  ["constructor eq 'x'", /"constructor" is not a property/, 0],
  ["status", /after status one of eq/, 6],
  ["status eq", /a value is expected, not the end/, 9],
  ["status eq Pending", /a value is expected, not "Pending"/, 10],
  ["status eq 1", /status is compared with a text in single quotes/, 10],
  ["status gt 'Pending'", /status has no order/, 0],
  ["requestor eq machineId", /a value is expected, not "machineId"/, 13],
  ["creationDateTimeUtc gt 'yesterday'", /compared with a datetime/, 23],
  ["creationDateTimeUtc gt 5", /compared with a datetime/, 23],
  ["creationDateTimeUtc gt null", /null can only be compared with eq and ne/, 23],
  ["requestor in ('a',null)", /null cannot stand in a list/, 18],
  ["requestor in ('a'", /, is expected, not the end/, 17],
  ["requestor in 'a'", /\( is expected/, 13],
  ["requestor eq 'a", /not closed/, 13],
  ['requestor eq "a"', /the character "\\"" has no meaning here/, 13],
  ["requestor eq 'a' requestor eq 'b'", /and, or or the end is expected, not "requestor"/, 17],
  ["(requestor eq 'a'", /and, or or \) is expected, not the end/, 17],
  ["requestor eq 'a')", /the end is expected, not "\)"/, 16],
  ["requestor has 'a'", /after requestor one of eq/, 10],
  ["1 eq 1", /two values are compared/, 5],
  ["length(requestor) eq 1", /the function "length" is not supported/, 0],
  ["substringof('a',requestor)", /the function "substringof" is not supported/, 0],
  ["contains(creationDateTimeUtc,'2019')", /contains needs a text property/, 9],
  ["contains(requestor,1)", /contains needs a text in single quotes/, 19],
  ["status/x eq 'a'", /status has no properties of its own/, 0],
  ["requestor eq '\u0000'", /no text may contain/, undefined],
  ["requestor eq '\ud800'", /no text may contain/, undefined],
] as const) {
  test(`refused with its place: ${JSON.stringify(text)}`, () => {
    const given = refusal(text);
    assert.match(given.detail, expected);
    assert.equal(given.at, at);
  });
}

test("a filter may be long and nested up to its limits and no further", () => {
  const nested = (depth: number) => `${"(".repeat(depth)}${A}${")".repeat(depth)}`;
  assert.deepEqual(parsed(nested(FILTER_LIMITS.maxDepth)), a);
  assert.match(refusal(nested(FILTER_LIMITS.maxDepth + 1)).detail, /nested deeper than 64/);
  assert.match(refusal("not ".repeat(65) + A).detail, /nested deeper than 64/);
  assert.match(refusal(`requestor eq '${"a".repeat(FILTER_LIMITS.maxLength)}'`).detail, /longer than 16384/);
  const ids = Array.from({ length: 400 }, (_, n) => `'00000000-0000-4000-8000-${String(n).padStart(12, "0")}'`);
  const many = parsed(`id in (${ids.join(",")})`);
  assert.equal(many.kind === "in" && many.values.length, 400);
});

test("a filter of too many conditions is refused where the first one too many stands, and one of GUIDs fits", () => {
  const chain = (condition: string, count: number) => Array(count).fill(condition).join(" or ");
  const { maxConditions, maxLength } = FILTER_LIMITS;
  parsed(chain("id ne 'a'", maxConditions));
  assert.match(refusal(chain("id ne 'a'", maxConditions + 1)).detail, /too many conditions.*in \(/);
  const inAny = `machineTags/any(t: ${chain("t ne 'a'", maxConditions)})`;
  assert.match(refusal(inAny, MACHINES).detail, /too many conditions/);
  parsed(`id in (${Array(1_000).fill("'a'").join(",")})`);
  const guid = `id eq '${"0".repeat(36)}'`;
  parsed(chain(guid, Math.floor((maxLength + 4) / (guid.length + 4))));
});
