import assert from "node:assert/strict";
import { test } from "node:test";
import type { StartCommandRequest } from "@halligan/protocol/api";
import { checkChoices, choosePins } from "../../../src/domain/actions/chosen-content.ts";
import { contentIdsOf, keepsBytes } from "../../../src/domain/actions/machine-action.ts";
import { orderFor } from "../../../src/domain/actions/order.ts";
import { sampleAction, sampleCommand, sampleOrder } from "./sample-action.ts";

const [ONE, OTHER] = ["1".repeat(64), "2".repeat(64)];
const run: StartCommandRequest = { type: "RunScript", params: [{ key: "ScriptName", value: "a.sh" }] };
const get: StartCommandRequest = { type: "GetFile", params: [{ key: "Path", value: "/x" }] };
const library = new Map([["a.sh", { sha256: ONE, sizeBytes: 3 }]]);
const staged = new Map([[OTHER, { sha256: OTHER, sizeBytes: 5, contentId: "c" }]]);

const codeOf = (command: StartCommandRequest) => {
  const pins = choosePins([command], { library, staged });
  return pins.ok ? pins.value : pins.error.code;
};

test("a command gets exactly the bytes that it says, or none", () => {
  assert.deepEqual(codeOf({ ...run, sha256: ONE }), [{ sha256: ONE, sizeBytes: 3 }]);
  assert.equal(codeOf({ ...run, sha256: OTHER }), "LibraryFileChanged");
  assert.deepEqual(codeOf({ ...run, staged: OTHER }), [{ sha256: OTHER, sizeBytes: 5, contentId: "c" }]);
  assert.equal(codeOf({ ...run, staged: ONE }), "StagedContentNotFound");
  const unknown = { ...run, params: [{ key: "ScriptName", value: "b.sh" }] };
  assert.equal(codeOf({ ...unknown, sha256: ONE }), "LibraryFileNotFound");
});

test("a name alone gets what the library has, and stays open when it has nothing", () => {
  assert.deepEqual(codeOf(run), [{ sha256: ONE, sizeBytes: 3 }]);
  assert.deepEqual(codeOf({ ...run, params: [{ key: "ScriptName", value: "b.sh" }] }), [null]);
  assert.deepEqual(codeOf(get), [null]);
});

test("one choice for a command that uses bytes, none for one that does not", () => {
  assert.equal(checkChoices([run, { ...run, sha256: ONE }, { ...run, content: "" }, get]), null);
  for (const wrong of [
    { ...run, sha256: ONE, content: "x" },
    { ...run, sha256: ONE, staged: ONE },
    { ...get, staged: ONE },
    { ...run, content: "\ud800" },
    { ...run, params: [{ key: "ScriptName", value: "a/b" }], content: "x" },
  ]) {
    assert.equal(checkChoices([wrong])?.code, "InvalidRequestBody");
  }
});

test("an order says which bytes and whether processes go on, and nothing of where the bytes lie", () => {
  const pin = { sha256: OTHER, sizeBytes: 5, contentId: "c" };
  const limits = { scriptTimeoutMs: 1, transferTimeoutMs: 1, stallTimeoutMs: 1, outputLimitBytes: 1 };
  const action = sampleAction({ order: sampleOrder(), commands: [sampleCommand({ pin })] });
  const file = { sha256: OTHER, sizeBytes: 5 };
  const command = { index: 0, type: "RunScript", scriptName: "collect.sh", args: null, file };
  assert.deepEqual(orderFor(action, limits, 1).commands, [command]);
  const keeping = { ...action, options: { ...action.options, keepProcesses: true } };
  assert.deepEqual(orderFor(keeping, limits, 1).commands, [{ ...command, keepProcesses: true }]);
});

test("an action that brought its content has bytes to keep, also without results", () => {
  const pin = { sha256: OTHER, sizeBytes: 5, contentId: "c" };
  const action = sampleAction({ commands: [sampleCommand({ pin }), sampleCommand({ pin })] });
  assert.deepEqual(contentIdsOf(action), ["c"]);
  assert.equal(keepsBytes(action), true);
  assert.equal(keepsBytes(sampleAction()), false);
});
