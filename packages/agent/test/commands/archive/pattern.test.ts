import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOfText } from "../../../src/commands/archive/path-bytes.ts";
import { parsePattern, startOf, step } from "../../../src/commands/archive/pattern.ts";

function parsed(pattern: string) {
  const found = parsePattern(pattern);
  assert.ok(found.ok, JSON.stringify(found));
  return found.value;
}

/** Whether the pattern, as bytes, matches the path. */
function matches(pattern: string, path: string): boolean {
  const { startFolder, parts } = parsed(pattern);
  const prefix = startFolder === "/" ? "/" : `${startFolder}/`;
  if (!path.startsWith(prefix)) return false;
  let positions = startOf(parts);
  let isMatch = false;
  for (const name of path.slice(prefix.length).split("/")) {
    ({ isMatch, below: positions } = step(parts, positions, name));
  }
  return isMatch;
}

test("a pattern matches whole paths, name by name", () => {
  const cases: [string, string, boolean][] = [
    ["/var/log/*.log", "/var/log/a.log", true],
    ["/var/log/*.log", "/var/log/.hidden.log", true],
    ["/var/log/*.log", "/var/log/a.log.1", false],
    ["/var/log/*.log", "/var/log/x/a.log", false],
    ["/var/*/a.log", "/var/x/a.log", true],
    ["/home/*/.ssh/*", "/home/eve/.ssh/id", true],
    ["/a/?", "/a/b", true],
    ["/a/?", "/a/bc", false],
    ["/a/[abc]x", "/a/bx", true],
    ["/a/[!abc]x", "/a/bx", false],
    ["/a/[^abc]x", "/a/dx", true],
    ["/a/[a-c]", "/a/b", true],
    ["/a/[]]*", "/a/]x", true],
    ["/a/[a-*", "/a/[a-x", true],
    ["/a/\\**", "/a/*b", true],
    ["/a/\\**", "/a/b", false],
    ["/**/x", "/x", true],
    ["/**/x", "/a/b/c/x", true],
    ["/a/**", "/a/b/c", true],
    ["/a/**/**/b", "/a/b", true],
    ["/a/**/c/*", "/a/b/c/d", true],
    ["/a/**/c/*", "/a/b/d/c", false],
    ["/a/b**c", "/a/bxc", true],
    ["/*", "/a", true],
    ["//a/./*", "/a/b", true],
  ];
  for (const [pattern, path, expected] of cases) {
    assert.equal(matches(pattern, path), expected, `${pattern} for ${path}`);
  }
});

test("`?` and classes take one character of a UTF-8 name, and one byte of any other name", () => {
  assert.equal(matches(bytesOfText("/a/?"), bytesOfText("/a/ü")), true);
  assert.equal(matches(bytesOfText("/a/[ä-ü]"), bytesOfText("/a/ö")), true);
  assert.equal(matches("/a/?b", "/a/\xffb"), true);
  assert.equal(matches("/a/\xff*", "/a/\xffb"), true);
  assert.equal(matches("/a/\xff*", "/a/\xfeb"), false);
});

test("the search starts in the last folder without a wildcard before it", () => {
  assert.equal(parsed("/var/log/*/x").startFolder, "/var/log");
  assert.equal(parsed("/*").startFolder, "/");
  assert.equal(parsed("/a\\*b/*").startFolder, "/a*b");
  assert.deepEqual([parsed("/a/*").isRecursive, parsed("/a/**/b").isRecursive], [false, true]);
});

test("what is no pattern is refused with the reason", () => {
  const cases: [string, RegExp][] = [
    ["/var/log", /no wildcard/],
    ["/a\\*", /no wildcard/],
    ["var/*", /begin with a slash/],
    ["/var/*/", /end with a slash/],
    ["/var/*/../etc", /'\.\.'/],
  ];
  for (const [pattern, expected] of cases) {
    const found = parsePattern(pattern);
    assert.match(found.ok ? "" : found.error, expected, pattern);
  }
});

test("a hostile pattern takes time in proportion to its length, not exponentially more", () => {
  const name = "a".repeat(255);
  const timeOf = (stars: number) => {
    const { parts } = parsed(`/${"*a".repeat(stars)}*b`);
    const positions = startOf(parts);
    const startedAt = performance.now();
    for (let round = 0; round < 200; round++) assert.equal(step(parts, positions, name).isMatch, false);
    return performance.now() - startedAt;
  };
  timeOf(50);
  const ratio = timeOf(100) / timeOf(10);
  assert.ok(ratio < 100, `ten times the stars took ${ratio} times as long`);
  const { parts } = parsed(`/${Array(500).fill("**").join("/")}/x`);
  let positions = startOf(parts);
  for (let depth = 0; depth < 50; depth++) positions = step(parts, positions, "y").below;
  assert.ok(positions.length <= parts.length);
});
