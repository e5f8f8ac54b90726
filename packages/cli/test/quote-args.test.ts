import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { quoteArgs } from "../src/actions/quote-args.ts";

/**
 * The agent's rule, written down once more: spaces separate, quotes group, a backslash escapes but
 * in single quotes.
 */
function split(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote === null && character === " ") {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === null && (character === "'" || character === '"')) {
      quote = character;
      word ??= "";
    } else if (character === quote) {
      quote = null;
    } else if (character === "\\" && quote !== "'") {
      index += 1;
      word = (word ?? "") + text.charAt(index);
    } else {
      word = (word ?? "") + character;
    }
  }
  assert.equal(quote, null);
  return word === null ? words : [...words, word];
}

it("any arguments come back from the splitter as they were", () => {
  const argument = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("'", '"', "\\", " ", "\n", "\t", "$", "a", "-") }),
  );
  fc.assert(fc.property(fc.array(argument), (args) => assert.deepEqual(split(quoteArgs(args)), args)));
});

it("plain arguments stay readable", () => {
  assert.equal(quoteArgs(["-v", "--since=2026-11-21", "/var/log", ""]), "-v --since=2026-11-21 /var/log ''");
});
