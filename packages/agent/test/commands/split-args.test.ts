import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { splitArgs } from "../../src/commands/scripts/split-args.ts";

const EXAMPLES: [string, string[]][] = [
  ["", []],
  ["  a  b\tc\n", ["a", "b", "c"]],
  ["'a b' \"c d\"e", ["a b", "c de"]],
  ["'' \"\"", ["", ""]],
  ['a\\ b "\\"x\\"" \'\\\'', ["a b", '"x"', "\\"]],
  ['"a\\nb\\$c"', ["a\\nb$c"]],
  ["$HOME;id|cat&^&?*`x`", ["$HOME;id|cat&^&?*`x`"]],
  ["it's fine", ["it's", "fine"]],
  ['say "hello', ["say", '"hello']],
  ["end\\", ["end\\"]],
  ["a \\\n b", ["a", "b"]],
];

for (const [text, words] of EXAMPLES) {
  test(`splits ${JSON.stringify(text)} as documented`, () => assert.deepEqual(splitArgs(text), words));
}

test("for PowerShell a backslash is an ordinary character", () => {
  assert.deepEqual(splitArgs('-Path C:\\Temp\\x "C:\\a b\\"', "literal"), ["-Path", "C:\\Temp\\x", "C:\\a b\\"]);
});

test("any words that are quoted come back as they were", () => {
  const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (words) => {
      assert.deepEqual(splitArgs(words.map(quote).join(" ")), words);
    }),
  );
});

test("any text splits without failing, and loses nothing but quotes, backslashes and blanks", () => {
  const plain = (text: string) => text.replace(/['"\\\s]/g, "");
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "$", "'", '"', "\\", " ", "\n") }), (text) => {
      assert.equal(plain(splitArgs(text).join("")), plain(text));
    }),
  );
});

test("agrees with a shell on text that is properly quoted and has nothing to evaluate", () => {
  const piece = fc.constantFrom("a", "B-1", "'x y'", '"p q"', '"a\\"b"', "\\ ", "''", '"\\\\"', "'\\'", " ", "  ");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const shell = execFileSync("sh", [
        "-c",
        `set -- ${text}\nfor w in "$@"; do printf '%s\\0' "$w"; done`,
      ]).toString();
      assert.deepEqual(splitArgs(text), shell.split("\0").slice(0, -1));
    }),
    { numRuns: 40 },
  );
});
