import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceFileNameFault, scriptFileName } from "../../src/commands/file-name.ts";

const GOOD = [
  "a.sh",
  "two words.txt",
  'it\'s "so".sh',
  "-rf",
  "über-日本.sh",
  ".hidden",
  "a:b",
  "nul",
  "x".repeat(255),
];
const BAD = ["", ".", "..", "a/b", "..\\..\\x", "a\0", "a\nb", "\u009b31m", "\ud800", "x".repeat(256), "ü".repeat(128)];

test("every name that is one file in one folder is taken, and no other", () => {
  for (const name of GOOD) assert.equal(deviceFileNameFault(name, "linux"), null, name);
  for (const name of BAD) assert.notEqual(deviceFileNameFault(name, "linux"), null, JSON.stringify(name));
});

test("a Windows device also refuses streams, patterns, devices, and ends that Windows drops", () => {
  for (const name of ["a:b", "a*", "a?", "a|b", 'a"b', "a<b", "a.", "a ", "NUL", "con.txt", "Com1", "lpt9.log"]) {
    assert.notEqual(deviceFileNameFault(name, "win32"), null, name);
  }
  for (const name of ["two words.txt", "console.txt", "com10", "über.ps1"]) {
    assert.equal(deviceFileNameFault(name, "win32"), null, name);
  }
});

test("a script whose name cannot be a file's keeps its ending, by which its interpreter is chosen", () => {
  assert.equal(scriptFileName("two words.sh"), "two words.sh");
  assert.equal(scriptFileName("../x.ps1"), "script.ps1");
  assert.equal(scriptFileName("a/b"), "script");
});
