import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanText, isCleanText, toJsonText, wellFormedJson, wellFormedJsonBytes } from "@halligan/protocol/text";
import fc from "fast-check";

/**
 * Texts of any UTF-16 units, with surrogates and backslashes far more often than chance has them.
 */
const anyText = fc
  .array(fc.constantFrom("\ud800", "\udbff", "\udc00", "\udfff", "\\", "u", "d", "8", '"', "\0", "a", "\ue000", "é"))
  .map((units) => units.join(""));

const repaired = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, inner: unknown) => (typeof inner === "string" ? cleanText(inner) : inner));

test("what is written as JSON is well-formed and without NUL in every string, and clean text is written unchanged", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: anyText, value: anyText })), (value) => {
      const text = toJsonText(value);
      assert.deepEqual(JSON.parse(text), repaired(value));
      const clean = repaired(value);
      assert.equal(toJsonText(clean), JSON.stringify(clean));
    }),
  );
  assert.equal(toJsonText({ "\ud800": 1 }), '{"\\ufffd":1}');
  assert.equal(toJsonText({ "a\0": "\0\\u0000" }), '{"a\\ufffd":"\\ufffd\\\\u0000"}');
});

test("foreign JSON keeps escaped pairs and NUL and loses lone surrogates, at the same length", () => {
  for (const [json, expected] of [
    ['"\\ud83d\\ude00"', '"\\ud83d\\ude00"'],
    ['"\\uD83D\\uDE00"', '"\\uD83D\\uDE00"'],
    ['"\\ud83d\\ud83d\\ude00"', '"\\ufffd\\ud83d\\ude00"'],
    ['"\\ude00\\ud83d"', '"\\ufffd\\ufffd"'],
    ['"\\\\ud800"', '"\\\\ud800"'],
    ['"\\\\\\ud800"', '"\\\\\\ufffd"'],
    ['"\\u0000"', '"\\u0000"'],
  ] as const) {
    assert.equal(wellFormedJson(json), expected);
  }
});

test("bytes of JSON are repaired the same way wherever their chunks are cut", async () => {
  const piece = fc.constantFrom(
    "\\ud800",
    "\\uDBFF",
    "\\udc00",
    "\\udfff",
    "\\\\",
    "\\n",
    "\\u0000",
    "ud800",
    "é",
    "x",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.array(fc.nat(200)), async (pieces, cuts) => {
      const bytes = Buffer.from(`"${pieces.join("")}"`);
      const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((end, i) => bytes.subarray(edges[i] ?? 0, end));
      const out: Uint8Array[] = [];
      for await (const chunk of wellFormedJsonBytes(chunks)) out.push(Buffer.from(chunk));
      const text = Buffer.concat(out).toString("utf8");
      assert.equal(text, wellFormedJson(bytes.toString("utf8")));
      assert.equal(Buffer.byteLength(text), bytes.length);
    }),
  );
});

test("clean text is well-formed and has no NUL", () => {
  assert.ok(isCleanText("\u{1f600}\ufffe\u001b"));
  assert.ok(!isCleanText("a\0"));
  assert.ok(!isCleanText("\ud800"));
  fc.assert(fc.property(anyText, (text) => assert.ok(isCleanText(cleanText(text)))));
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => assert.equal(cleanText(text) === text, isCleanText(text))),
  );
});
