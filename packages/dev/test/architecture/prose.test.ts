import assert from "node:assert/strict";
import { test } from "node:test";
import { filesEndingIn, type TextFile, withoutCodeBlocks } from "./documents.ts";

/**
 * Documents, comments and titles of tests are read by strangers: plain words, and prose has at most
 * 100 columns.
 */

const WIDTH = 100;

/** Literary words and metaphors, each with the plain word. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\banew\b/i, "again"],
  [/\bwhoever\b/i, "the person or program that"],
  [/\bwhomever\b/i, "the person or program that"],
  [/\b(?:some|no|any)body\b/i, "the caller, no caller, a reader ..."],
  [/\bno one\b/i, "no caller, no device ..."],
  [/\bbesides?\b/i, "next to, with, as well as"],
  [/\bfor ever\b|\bforever\b/i, "indefinitely, without end"],
  [/\bmend(?:s|ed|ing)?\b/i, "fix"],
  [/\btold\b/i, "notified, informed, says"],
  [/\bof which\b/i, "two sentences"],
  [/\b(?:come|comes|came) right\b/i, "recover"],
  [/\bthe way of\b/i, "the path of, how"],
  [/\bgo(?:es)? its way\b/i, "continue"],
  [/\bmay as well\b/i, "can also"],
  [/\blives? on\b/i, "keeps running, stays open, remains valid"],
  [/\bcounts? no more\b/i, "is no longer valid"],
  [/\bcomes? back to find\b/i, "returns and finds"],
  [/\bthereby\b|\bthereof\b|\bwherein\b|\bwhereby\b|\bhence\b/i, "so, of it, in which"],
];

interface Fault {
  at: string;
  fault: string;
}

/** Text of a document without code spans and the targets of links; lines stay in place. */
const prose = (text: string): string =>
  withoutCodeBlocks(text)
    .replaceAll(/`[^`\n]*`/g, "``")
    .replaceAll(/\]\([^)]*\)/g, "]");

/**
 * Tables and indented code cannot be wrapped, nor can one long word: a URL, a link, a code span.
 */
const mayBeWide = (line: string): boolean => {
  if (line.startsWith("|") || line.startsWith("    ")) return true;
  const words = line.trim().replace(/^(?:[-*]|\d+\.) /, "");
  return !/\s/.test(words.replaceAll(/`[^`]*`|\[[^\]]*\]\([^)]*\)/g, "word"));
};

const widthFaults = ({ path, text }: TextFile): Fault[] =>
  withoutCodeBlocks(text)
    .split("\n")
    .flatMap((line, index) =>
      [...line].length > WIDTH && !mayBeWide(line)
        ? [{ at: `${path}:${index + 1}`, fault: `${[...line].length} columns, at most ${WIDTH}` }]
        : [],
    );

const wordFaults = ({ path, text }: TextFile): Fault[] =>
  prose(text)
    .split("\n")
    .flatMap((line, index) =>
      BANNED.flatMap(([word, instead]) => {
        const found = word.exec(line)?.[0];
        return found === undefined ? [] : [{ at: `${path}:${index + 1}`, fault: `"${found}": write ${instead}` }];
      }),
    );

/** Lines that are comments as a whole, each in its place; other lines are empty. */
const comments = ({ path, text }: TextFile): TextFile => ({
  path,
  text: text
    .split("\n")
    .map((line) => (/^\s*(?:\/\/|\/\*\*|\*(?:\s|\/|$))/.test(line) ? line : ""))
    .join("\n"),
});

/**
 * A title as the first argument of `test`, `it` or `describe`, also on a line of its own, or as the
 * key or first value of a row in a table of cases.
 */
const QUOTED = /(?:"((?:[^"\\]|\\.)+)"|`((?:[^`\\]|\\.)+)`)/.source;
const TITLE = new RegExp(String.raw`\b(?:test|it|describe)(?:\.\w+)?\(${QUOTED}|^\s*\[${QUOTED},|^\s*\[?${QUOTED}\]?:`);
const CALL_WITHOUT_TITLE = /\b(?:test|it|describe)(?:\.\w+)?\($/;

/** Titles of a test file, each in its place; other lines are empty. */
const titles = ({ path, text }: TextFile): TextFile => ({
  path,
  text: text
    .split("\n")
    .map((line, index, lines) => {
      const call = lines[index - 1]?.match(CALL_WITHOUT_TITLE)?.[0] ?? "";
      return TITLE.exec(`${call}${line.trim()}`)?.slice(1).find(Boolean) ?? "";
    })
    .join("\n"),
});

/**
 * A comment that begins with `|` or four spaces after its sign is a table or code, as in a
 * document.
 */
const commentWidthFaults = ({ path, text }: TextFile): Fault[] =>
  text.split("\n").flatMap((line, index) => {
    const isWide = [...line].length > WIDTH && !mayBeWide(line.replace(/^\s*(?:\/\/|\/\*\*|\*) ?/, ""));
    return isWide ? [{ at: `${path}:${index + 1}`, fault: `${[...line].length} columns, at most ${WIDTH}` }] : [];
  });

const documents = await filesEndingIn(".md");

test("prose of every document has at most 100 columns", () => {
  assert.ok(documents.length > 30);
  assert.deepEqual(documents.flatMap(widthFaults), []);
});

test("no document has a literary word where a plain one exists", () => {
  assert.deepEqual(documents.flatMap(wordFaults), []);
});

const sources = (await filesEndingIn(".ts", ".mjs")).map(comments);

test("a comment has at most 100 columns", () => {
  assert.ok(sources.length > 1_000);
  assert.deepEqual(sources.flatMap(commentWidthFaults), []);
});

test("no comment has a literary word where a plain one exists", () => {
  assert.deepEqual(sources.flatMap(wordFaults), []);
});

const testFiles = (await filesEndingIn(".ts")).filter(({ path }) => path.includes("/test/"));

test("no title of a test has a literary word where a plain one exists", () => {
  assert.ok(testFiles.length > 300);
  assert.deepEqual(testFiles.map(titles).flatMap(wordFaults), []);
});

test("a literary word in a title is found, in a call and in a table of cases", () => {
  // Built here, because a literal of this line would be a title with such a word itself.
  const [first, second, third] = [["an", "ew"].join(""), ["to", "ld"].join(""), ["lives", "on"].join(" ")];
  const text = [
    `test("made ${first}", () => {`,
    "  it(",
    `    \`${second} of it\`,`,
    `  "${third}": async () => {`,
    `  say("made ${first}");`,
  ].join("\n");
  assert.deepEqual(wordFaults(titles({ path: "example.test.ts", text })), [
    { at: "example.test.ts:1", fault: '"anew": write again' },
    { at: "example.test.ts:3", fault: '"told": write notified, informed, says' },
    { at: "example.test.ts:4", fault: '"lives on": write keeps running, stays open, remains valid' },
  ]);
});

test("a wide comment and a literary word in one are found", () => {
  const source = comments({
    path: "example.ts",
    text: `const nobody = 1;\n// ${"word ".repeat(25)}\n/** Made anew. */`,
  });
  assert.deepEqual(commentWidthFaults(source), [{ at: "example.ts:2", fault: "128 columns, at most 100" }]);
  assert.deepEqual(wordFaults(source), [{ at: "example.ts:3", fault: '"anew": write again' }]);
});

test("a wide line and a literary word are found", () => {
  const path = "example.md";
  assert.deepEqual(widthFaults({ path, text: `${"word ".repeat(25)}\n| ${"cell ".repeat(25)}|` }), [
    { at: "example.md:1", fault: "125 columns, at most 100" },
  ]);
  assert.deepEqual(wordFaults({ path, text: "plain\nmade anew, but `anew` is code" }), [
    { at: "example.md:2", fault: '"anew": write again' },
  ]);
});
