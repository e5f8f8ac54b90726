import assert from "node:assert/strict";
import { test } from "node:test";
import { DeviceUser, Order, RUN_AS, RUN_AS_NEEDS_ROOT, RUN_AS_NEEDS_SETPRIV } from "@halligan/protocol/link";
import { Compile } from "typebox/compile";
import { parseRunAsUsers } from "../../../src/config/run-as-users.ts";
import { NO_OPTIONS, readOptions } from "../../../src/domain/actions/options/action-options.ts";
import { runAsFault } from "../../../src/domain/actions/options/run-as.ts";
import { orderFor } from "../../../src/domain/actions/order.ts";
import { sampleAction, sampleCommand, sampleMachine, sampleOrder } from "./sample-action.ts";

const SCRIPT = [{ type: "RunScript" as const }];
const LIMITS = { scriptTimeoutMs: 600, transferTimeoutMs: 900, stallTimeoutMs: 100, outputLimitBytes: 50 };

test("the name of a user is bounded, and is no option, number, path or field of a passwd file", () => {
  const schema = Compile(DeviceUser);
  for (const name of ["a", "alice", "_apt", "www-data", "CORP\\alice", "alice@corp.example", "x".repeat(128)]) {
    assert.ok(schema.Check(name), name);
  }
  const wrong = ["", "-u", "0", "1000", "+1", "a:b", "a/b", "a b", "a\0", "a\n", "a,b", "ä", ".", "x".repeat(129)];
  for (const name of wrong) assert.ok(!schema.Check(name), JSON.stringify(name));
});

test("runAs needs a Linux machine with an agent that can, and says what is missing", () => {
  const { facts } = sampleMachine();
  assert.equal(facts.osPlatform, "Linux");
  const obstacleOf = (change: Parameters<typeof sampleMachine>[0]) => {
    const fault = runAsFault("alice", SCRIPT, sampleMachine(change));
    return fault?.code === "RunAsNotSupported" ? fault.obstacle : fault;
  };
  assert.equal(obstacleOf({ features: ["liveOutput", RUN_AS] }), null);
  assert.equal(obstacleOf({ features: [RUN_AS], facts: { ...facts, osPlatform: "macOS" } }), "notLinux");
  assert.equal(obstacleOf({ features: ["liveOutput", RUN_AS_NEEDS_ROOT] }), "notRoot");
  assert.equal(obstacleOf({ features: [RUN_AS_NEEDS_SETPRIV] }), "noSetpriv");
  assert.equal(obstacleOf({ features: ["liveOutput"] }), "unknown");
  assert.equal(obstacleOf({ features: [] }), "unknown");
});

test("runAs without a script is refused, and a start without runAs needs nothing", () => {
  const machine = sampleMachine({ features: [RUN_AS] });
  const fault = runAsFault("alice", [{ type: "PutFile" }, { type: "GetFile" }], machine);
  assert.equal(fault?.code, "InvalidRequestBody");
  assert.equal(runAsFault(null, [{ type: "GetFile" }], sampleMachine({ features: [] })), null);
});

test("a setting says which users may be chosen: any, none, or these", () => {
  const maxima = { scriptTimeoutMs: 1, outputLimitBytes: 1, queueTimeoutMs: 1, notBeforeMs: 1 };
  for (const [setting, isAllowed] of [
    ["any", true],
    ["off", false],
    ["bob, alice", true],
    ["bob", false],
    ["Alice", false],
  ] as const) {
    const runAs = parseRunAsUsers(setting);
    assert.ok(runAs.ok);
    const read = readOptions({ runAs: "alice" }, { ...maxima, runAs: runAs.value }, 0);
    assert.equal(read.ok, isAllowed, setting);
    assert.equal(read.ok ? read.value.runAs : read.error.code, isAllowed ? "alice" : "RunAsNotAllowed");
    assert.ok(readOptions({}, { ...maxima, runAs: runAs.value }, 0).ok);
  }
  for (const wrong of ["", "alice,,bob", "0", "-x", "any,bob ok"]) assert.ok(!parseRunAsUsers(wrong).ok, wrong);
});

test("the order of each script has the user, and that of an action without runAs does not", () => {
  const order = sampleOrder();
  const commands = [
    sampleCommand({ type: "PutFile", params: [{ key: "FileName", value: "a" }] }),
    sampleCommand(),
    sampleCommand(),
  ];
  const usersOf = (options: typeof NO_OPTIONS) => {
    const sent = orderFor(sampleAction({ order, commands, options }), LIMITS, 0);
    assert.ok(Compile(Order).Check(sent));
    return sent.commands.map((command) => ("runAs" in command ? command.runAs : undefined));
  };
  assert.deepEqual(usersOf({ ...NO_OPTIONS, runAs: "alice" }), [undefined, "alice", "alice"]);
  assert.deepEqual(usersOf(NO_OPTIONS), [undefined, undefined, undefined]);
});
