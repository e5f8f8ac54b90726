import fc from "fast-check";

/**
 * Texts that have broken such code before: quotes, wildcards, letter cases, combining marks, both
 * sides of the surrogates.
 */
const AWKWARD = [
  "",
  "a",
  "A",
  "ab",
  "aB",
  "lab-1",
  "LAB-1",
  "O'Neil",
  "'",
  "''",
  "%",
  "_",
  "\\",
  "a b",
  "\n",
  "ü",
  "Ü",
  "u\u0308",
  "İ",
  "ß",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "😀",
  "😀a",
  "a😀",
  "\u{10ffff}",
  "null",
  "true",
  "2019-11-22T00:00:00Z",
  "10.0.0.1",
];

/** Few enough that a filter often meets a record. Well-formed, without NUL. */
export const arbitraryText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...AWKWARD) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: "binary", maxLength: 4 }).map((text) => text.replaceAll("\0", "0").toWellFormed()),
  },
);

const BASE_MS = Date.UTC(2026, 0, 1);

/** Unix milliseconds, close together. */
export const arbitraryTimeMs: fc.Arbitrary<number> = fc
  .integer({ min: 0, max: 12 })
  .map((steps) => BASE_MS + steps * 7);

/**
 * A datetime of a filter: near the stored ones, also between two milliseconds, sometimes far away.
 */
export const arbitraryFilterTimeMs: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: arbitraryTimeMs },
  { weight: 2, arbitrary: arbitraryTimeMs.map((ms) => ms + 0.5) },
  { weight: 1, arbitrary: fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(9998, 0, 1) }) },
);

export const arbitraryNumber: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(19_045, 19_045.5, -0.25, Number.MAX_SAFE_INTEGER),
);
