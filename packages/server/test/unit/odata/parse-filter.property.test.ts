import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import { FILTER_LIMITS, parseFilter } from "../../../src/odata/parse/parse-filter.ts";
import { arbitraryFilter } from "./arbitrary-filter.ts";
import { printFilter } from "./print-filter.ts";
import { RUNS, SEED } from "./runs.ts";

const options = { numRuns: RUNS, seed: SEED };
/** Steps for each character, and for an empty text. */
const STEPS = { perCharacter: 24, always: 64 };

for (const entity of [MACHINE_ACTIONS, MACHINES]) {
  test(`a filter over ${entity.title}, written in any spacing, letter case and form of its values, is read back as itself`, () => {
    fc.assert(
      fc.property(arbitraryFilter(entity), fc.integer(), (filter, seed) => {
        const text = printFilter(filter, entity, seed);
        fc.pre(text.length <= FILTER_LIMITS.maxLength);
        assert.deepStrictEqual(parseFilter(text, entity), { ok: true, value: filter }, text);
      }),
      options,
    );
  });
}

const PIECES = [
  "(",
  ")",
  "(((",
  "))",
  ",",
  "/",
  ":",
  "'",
  "''",
  "'x'",
  " ",
  " and ",
  " or ",
  "not ",
  "eq",
  " eq ",
  " in ",
  "in(",
  "null",
  "true",
  "status",
  "id",
  "machineTags",
  "machineTags/any(",
  "t:",
  "t",
  "contains(",
  "tolower(",
  "startswith(",
  "creationDateTimeUtc",
  "2019-11-22",
  "2019-11-22T00:00:00Z",
  "-",
  "+",
  ".",
  "1e9",
  "9".repeat(20),
  "constructor",
  "__proto__",
  "$it",
  "@",
  "%",
  "\0",
  "ü",
  "😀",
  "\ud800",
  "\n",
];

test("whatever is sent as a filter is answered, never thrown at, in steps that grow with its length alone", () => {
  const garbage = fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 60, size: "max" }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary", maxLength: 40, size: "max" }),
    fc.string({ unit: "binary-ascii", maxLength: 40, size: "max" }),
  );
  fc.assert(
    fc.property(garbage, fc.constantFrom(MACHINE_ACTIONS, MACHINES), (text, entity) => {
      const meter = { steps: 0 };
      const result = parseFilter(text, entity, FILTER_LIMITS, meter);
      assert.ok(meter.steps <= STEPS.always + STEPS.perCharacter * text.length, `${meter.steps} steps: ${text}`);
      if (!result.ok) assert.ok(result.error.detail.length < 1_000 && result.error.detail.isWellFormed());
    }),
    options,
  );
});

test("damaged filters are answered too: one piece of a good one removed, doubled or replaced", () => {
  fc.assert(
    fc.property(
      arbitraryFilter(MACHINES, 2),
      fc.integer(),
      fc.nat(),
      fc.constantFrom(...PIECES),
      (filter, seed, where, piece) => {
        const text = printFilter(filter, MACHINES, seed);
        const at = where % (text.length + 1);
        for (const damaged of [
          text.slice(0, at) + text.slice(at + 1),
          text.slice(0, at) + piece + text.slice(at),
          text.slice(at) + text.slice(0, at),
        ]) {
          const result = parseFilter(damaged, MACHINES);
          if (!result.ok && result.error.at !== undefined)
            assert.ok(result.error.at >= 0 && result.error.at <= damaged.length);
        }
      },
    ),
    options,
  );
});

/**
 * Texts for which a careless parser becomes slow or deeply nested, of the maximum length of a
 * filter.
 */
const WORST: readonly (readonly [name: string, text: (length: number) => string])[] = [
  ["open parentheses", (length) => "(".repeat(length)],
  ["not after not", (length) => "not ".repeat(length / 4)],
  ["functions in functions", (length) => "tolower(".repeat(length / 8)],
  ["an unclosed text of quotes", (length) => `'${"''".repeat(length / 2 - 1)}`],
  ["an unclosed text of letters", (length) => `id eq '${"a".repeat(length - 8)}`],
  ["any in any", (length) => "machineTags/any(t:".repeat(length / 18)],
  ["a long chain", (length) => `id eq ''${" or id eq ''".repeat(length / 13)}`],
  ["a long list", (length) => `id in (''${",''".repeat(length / 3 - 4)})`],
  ["conditions in any", (length) => `machineTags/any(t:t ne''${" or t ne''".repeat(length / 10)})`],
  ["one long word", (length) => "a".repeat(length)],
  ["one long number", (length) => "1".repeat(length)],
  ["one long almost-date", (length) => `lastSeen eq 2019-11-22T00:00:00.${"1".repeat(length - 40)}`],
  ["spaces", (length) => " ".repeat(length)],
];

for (const [name, text] of WORST) {
  test(`steps double with the length: ${name}`, () => {
    const steps = [8_192, 16_384].map((length) => {
      const meter = { steps: 0 };
      parseFilter(text(length), MACHINES, FILTER_LIMITS, meter);
      return meter.steps;
    });
    const [half = 0, whole = 0] = steps;
    assert.ok(whole <= 2.1 * half + STEPS.always, `${half} then ${whole}`);
    assert.ok(whole <= STEPS.always + STEPS.perCharacter * 16_384);
  });
}
