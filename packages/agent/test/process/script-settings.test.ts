import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { takeScriptSettings } from "../../src/process/script-settings.ts";

test("the agent does not take a limit that is too low for its own files; a shell then sets it", () => {
  const before = process.platform === "linux" ? readFileSync("/proc/self/limits", "latin1") : "";
  assert.equal(takeScriptSettings(16), false);
  if (before !== "") assert.equal(readFileSync("/proc/self/limits", "latin1"), before);
});
