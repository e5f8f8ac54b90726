import assert from "node:assert/strict";
import { test } from "node:test";
import { boundErrors } from "../../src/core/error-text.ts";
import { LIMITS } from "../../src/limits.ts";

test("a reason that is cut stays well-formed, and has no NUL", () => {
  const [cut = "", other] = boundErrors([`${"x".repeat(LIMITS.maxErrorCharacters - 1)}\u{1f600}`, "a\0b\ud800"]);
  assert.ok(cut.isWellFormed());
  assert.equal(cut.length, LIMITS.maxErrorCharacters);
  assert.equal(other, "a\ufffdb\ufffd");
});
