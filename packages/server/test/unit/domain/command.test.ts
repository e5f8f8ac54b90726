import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMAND_TRANSITIONS, libraryFileNameOf, nextCommandStatus } from "../../../src/domain/actions/command.ts";
import { sampleCommand } from "./sample-action.ts";

test("the table of a command's statuses has no way out of Completed and Failed", () => {
  assert.deepEqual(COMMAND_TRANSITIONS.Completed, {});
  assert.deepEqual(COMMAND_TRANSITIONS.Failed, {});
});

test("every cell of the table is what nextCommandStatus answers, and everything else is null", () => {
  for (const status of ["Created", "Executing", "Completed", "Failed"] as const) {
    for (const event of ["started", "completed", "failed"] as const) {
      const row: Partial<Record<string, string>> = COMMAND_TRANSITIONS[status];
      assert.equal(nextCommandStatus(status, event), row[event] ?? null);
    }
  }
});

test("a repeated start changes nothing", () => {
  assert.equal(nextCommandStatus("Executing", "started"), null);
});

test("the library name of a command is its ScriptName or FileName, and a GetFile has none", () => {
  assert.equal(libraryFileNameOf(sampleCommand()), "collect.sh");
  assert.equal(
    libraryFileNameOf(sampleCommand({ type: "PutFile", params: [{ key: "FileName", value: "tool" }] })),
    "tool",
  );
  assert.equal(libraryFileNameOf(sampleCommand({ type: "GetFile", params: [{ key: "Path", value: "/x" }] })), null);
});
