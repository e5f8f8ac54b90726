import assert from "node:assert/strict";
import { test } from "node:test";
import { nameFault } from "@halligan/protocol/text";

test("a name is one line with something to see in it, and what is not is refused with the remedy", () => {
  for (const name of ["web-01", "Büro 3", "机器-01", "e\u0301", "👩‍💻"]) assert.equal(nameFault(name, 120), null, name);
  for (const [name, fault] of [
    ["", /is empty or has only blanks: give a name/],
    [" \t\u00a0", /is empty or has only blanks/],
    ["a\nb", /control character/],
    ["a\u0000", /control character/],
    ["a\u202eb", /invisible mark/],
    [" a", /begins or ends with a blank: remove it/],
    ["\ud800", /not well-formed/],
    ["x".repeat(121), /has 121 characters: the longest is 120/],
  ] as const) {
    assert.match(nameFault(name, 120) ?? "", fault);
  }
});
