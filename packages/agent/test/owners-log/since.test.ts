import assert from "node:assert/strict";
import { test } from "node:test";
import { sinceMs } from "../../src/owners-log/log-command.ts";

test("a day that does not exist and text that is no time are refused", () => {
  assert.equal(sinceMs("2026-02-28"), Date.parse("2026-02-28"));
  assert.equal(sinceMs("2026-02-28T12:00:00Z"), Date.parse("2026-02-28T12:00:00Z"));
  for (const text of ["2026-02-30", "2026-02-30T12:00:00Z", "2026-13-01", "yesterday", "5", ""]) {
    assert.equal(sinceMs(text), null, text);
  }
});
