import fc from "fast-check";
import { asciiLower } from "../../../src/odata/compare-text.ts";
import type { Entity, Field } from "../../../src/odata/fields.ts";
import { ELEMENT, type Filter, type Operand, type Value } from "../../../src/odata/filter.ts";
import { arbitraryFilterTimeMs, arbitraryNumber, arbitraryText } from "./arbitrary-values.ts";

const ELEMENTS: readonly Field[] = [{ name: ELEMENT, kind: "text", letterCase: "ignored" }];
const PLAIN = { noNullPrototype: true };
const OPERATORS = ["eq", "ne", "gt", "ge", "lt", "le"] as const;
const EQUALITIES = ["eq", "ne"] as const;
const MATCHES = ["startswith", "contains", "endswith"] as const;

/** Filters in the form of the parser's result, over every field of an entity. */
export function arbitraryFilter(entity: Entity, maxDepth = 4): fc.Arbitrary<Filter> {
  return nested([...entity.fields.values()], maxDepth);
}

function nested(fields: readonly Field[], depth: number): fc.Arbitrary<Filter> {
  const leaf = fc.oneof(...fields.map((field) => condition(field, depth)));
  if (depth === 0) return leaf;
  const inner = nested(fields, depth - 1);
  const operands = fc.array(inner, { minLength: 2, maxLength: 4 });
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: inner.map((operand): Filter => ({ kind: "not", operand })) },
    { weight: 2, arbitrary: operands.map((all): Filter => ({ kind: "and", operands: all })) },
    { weight: 2, arbitrary: operands.map((all): Filter => ({ kind: "or", operands: all })) },
  );
}

function condition(field: Field, depth: number): fc.Arbitrary<Filter> {
  const plain: Operand = { field: field.name, fold: "none" };
  const isNull = compare(fc.constant(plain), EQUALITIES, fc.constant(null));
  switch (field.kind) {
    case "text": {
      const { letterCase } = field;
      const text = arbitraryText.map(asciiLower);
      const operand = fc.constant<Operand>({ field: field.name, fold: letterCase === "ignored" ? "lower" : "none" });
      return fc.oneof(isNull, compare(operand, OPERATORS, text), among(operand, text), match(operand, text));
    }
    case "enum": {
      const word = fc.constantFrom(...field.values);
      const part = fc.oneof(word.map(asciiLower), fc.constantFrom("", "in", "p", "succeeded", "x"));
      const inLower = fc.constant<Operand>({ field: field.name, fold: "lower" });
      const operand = fc.constant(plain);
      return fc.oneof(isNull, compare(operand, EQUALITIES, word), among(operand, word), match(inLower, part));
    }
    case "datetime":
      return scalar(plain, arbitraryFilterTimeMs);
    case "number":
      return scalar(plain, arbitraryNumber);
    case "boolean":
      return fc.oneof(
        isNull,
        compare(fc.constant(plain), EQUALITIES, fc.boolean()),
        among(fc.constant(plain), fc.boolean()),
      );
    case "textList": {
      const where = fc.option(nested(ELEMENTS, Math.min(depth, 1)));
      return where.map((inner): Filter => ({ kind: "any", field: field.name, where: inner }));
    }
  }
}

function scalar(plain: Operand, value: fc.Arbitrary<number>): fc.Arbitrary<Filter> {
  const operand = fc.constant(plain);
  return fc.oneof(
    { weight: 1, arbitrary: compare(operand, EQUALITIES, fc.constant(null)) },
    { weight: 4, arbitrary: compare(operand, OPERATORS, value) },
    { weight: 1, arbitrary: among(operand, value) },
  );
}

function compare(
  operand: fc.Arbitrary<Operand>,
  operators: readonly (typeof OPERATORS)[number][],
  value: fc.Arbitrary<Value>,
): fc.Arbitrary<Filter> {
  return fc.record(
    { kind: fc.constant("compare" as const), operand, operator: fc.constantFrom(...operators), value },
    PLAIN,
  );
}

function among(operand: fc.Arbitrary<Operand>, value: fc.Arbitrary<Exclude<Value, null>>): fc.Arbitrary<Filter> {
  return fc.record({ kind: fc.constant("in" as const), operand, values: fc.array(value, { maxLength: 4 }) }, PLAIN);
}

function match(operand: fc.Arbitrary<Operand>, text: fc.Arbitrary<string>): fc.Arbitrary<Filter> {
  return fc.record({ kind: fc.constant("match" as const), operand, how: fc.constantFrom(...MATCHES), text }, PLAIN);
}
