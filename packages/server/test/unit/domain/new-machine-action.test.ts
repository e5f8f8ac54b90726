import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommandRequest } from "@halligan/protocol/api";
import {
  checkCommands,
  type NewMachineActionInput,
  newMachineAction,
} from "../../../src/domain/actions/new-machine-action.ts";
import { NO_OPTIONS } from "../../../src/domain/actions/options/action-options.ts";
import { sampleMachine } from "./sample-action.ts";

const put: CommandRequest = { type: "PutFile", params: [{ key: "FileName", value: "tool" }] };
const run: CommandRequest = {
  type: "RunScript",
  params: [
    { key: "ScriptName", value: "a.sh" },
    { key: "Args", value: "" },
  ],
};
const get: CommandRequest = { type: "GetFile", params: [{ key: "Path", value: "C:\\t\\a.zip" }] };

test("PutFile, RunScript and GetFile in this order are taken, each as often as one likes", () => {
  assert.equal(checkCommands([put, put, run, run, get, get]), null);
});

test("another order is refused and says which comes first", () => {
  assert.equal(checkCommands([run, put])?.code, "InvalidRequestBody");
  assert.equal(checkCommands([get, run])?.code, "InvalidRequestBody");
});

test("a parameter that the type does not have, a doubled one, a missing one, an empty one and a NUL are refused", () => {
  const faults: readonly (readonly [CommandRequest, string])[] = [
    [{ ...get, params: [{ key: "path", value: "/x" }] }, "InvalidRequestBody"],
    [{ ...get, params: [...get.params, ...get.params] }, "InvalidRequestBody"],
    [{ ...run, params: [{ key: "Args", value: "x" }] }, "MissingRequiredParameter"],
    [{ ...put, params: [{ key: "FileName", value: "" }] }, "InvalidRequestBody"],
    [{ ...get, params: [{ key: "Path", value: "/etc/\0x" }] }, "InvalidRequestBody"],
    [{ ...get, params: [{ key: "Path", value: `/${"a".repeat(32_767)}` }] }, "InvalidRequestBody"],
  ];
  assert.equal(checkCommands([{ ...get, params: [{ key: "Path", value: "a".repeat(32_767) }] }]), null);
  const withArgs = (length: number): CommandRequest => ({
    ...run,
    params: [
      { key: "ScriptName", value: "a.sh" },
      { key: "Args", value: "a".repeat(length) },
    ],
  });
  assert.deepEqual(
    [131_072, 131_073].map((length) => checkCommands([withArgs(length)])?.code),
    [undefined, "InvalidRequestBody"],
  );
  for (const [command, code] of faults) assert.equal(checkCommands([command])?.code, code);
});

const input = (change: Partial<NewMachineActionInput> = {}): NewMachineActionInput => ({
  id: "x",
  machine: sampleMachine(),
  group: { id: 0, name: "UnassignedGroup", remediationLevel: "full", isOpenToUsers: true, users: [], userGroups: [] },
  request: { Commands: [put, run, get], Comment: "why" },
  options: NO_OPTIONS,
  secrets: null,
  requestor: { name: "playbook", id: "client-1" },
  archives: { archiveLimitFiles: 1_000, archiveLimitBytes: 1_000_000 },
  pins: [null, null, null],
  nowMs: 5_000,
  queueTimeoutMs: 1_000,
  bounds: {
    actionGraceMs: 0,
    orderAcceptanceMs: 0,
    lostMachineTimeoutMs: 0,
    sessionPlaceGraceMs: 0,
    order: { scriptTimeoutMs: 0, transferTimeoutMs: 0 },
  },
  sessions: { taken: 0, slots: 25, retryAfterMs: 30_000 },
  ...change,
});

test("a new action is Pending, its commands Created, and names that the library has are pinned", () => {
  const pin = { sha256: "c".repeat(64), sizeBytes: 3 };
  const action = newMachineAction(input({ pins: [null, pin, null] }));
  assert.ok(action.ok);
  assert.equal(action.value.status, "Pending");
  assert.equal(action.value.deadlineMs, 6_000);
  assert.deepEqual(
    action.value.commands.map((command) => [command.status, command.pin]),
    [
      ["Created", null],
      ["Created", pin],
      ["Created", null],
    ],
  );
});

test("a session for a linked machine takes a place, one for an absent machine waits without one", () => {
  const linked = newMachineAction(input());
  assert.deepEqual(linked.ok && linked.value.slot, { held: true, untilMs: null });
  const absent = newMachineAction(
    input({ machine: sampleMachine({ linked: false }), sessions: { taken: 25, slots: 25, retryAfterMs: 1 } }),
  );
  assert.deepEqual(absent.ok && absent.value.slot, { held: false });
});

test("what a machine, its group or its system does not allow is refused by its own code", () => {
  const facts = sampleMachine().facts;
  const full = { taken: 25, slots: 25, retryAfterMs: 30_000 };
  const none = {
    id: 3,
    name: "Printers",
    remediationLevel: "none",
    isOpenToUsers: true,
    users: [],
    userGroups: [],
  } as const;
  for (const [change, code] of [
    [{ sessions: full }, "TooManySessions"],
    [{ group: none }, "RemediationLevelMissing"],
    [{ machine: sampleMachine({ quarantined: true }) }, "MachineQuarantined"],
    [{ machine: sampleMachine({ facts: { ...facts, osPlatform: "Windows7" } }) }, "OsPlatformNotSupported"],
    [
      { machine: sampleMachine({ facts: { ...facts, osPlatform: "macOS", version: "10.15" } }) },
      "OsPlatformNotSupported",
    ],
    [
      { machine: sampleMachine({ facts: { ...facts, osPlatform: "Windows10", osBuild: 15_063 } }) },
      "OsPlatformNotSupported",
    ],
    [{ machine: sampleMachine({ facts: { ...facts, agentVersion: "0.0.9" } }) }, "ClientVersionNotSupported"],
  ] as const) {
    const refused = newMachineAction(input(change));
    assert.equal(refused.ok ? "accepted" : refused.error.code, code);
  }
  for (const [osPlatform, version, osBuild] of [
    ["macOS", "13.1", null],
    ["Windows10", "21H2", 19_044],
    ["WindowsServer2022", null, 20_348],
  ] as const) {
    const machine = sampleMachine({ facts: { ...facts, osPlatform, version, osBuild } });
    assert.equal(newMachineAction(input({ machine })).ok, true, osPlatform);
  }
});
