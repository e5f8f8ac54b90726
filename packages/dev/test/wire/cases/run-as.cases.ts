import assert from "node:assert/strict";
import { test } from "node:test";
import { absentMachine } from "../support/absent-machines.ts";
import { assertSucceeded, type Command } from "../support/api.ts";
import { getFile, runScript } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/** `options.runAs`. `docs/decisions/0052-run-as.md`. */

const skip = onlyHalligan("scripts of another user");
/** The agent of the tests runs as the tests do. */
const canChangeUser = process.platform === "linux" && process.geteuid?.() === 0;

const start = (machineId: string, commands: readonly Command[], runAs: unknown) =>
  here().api.post(`/halligan/v1/machines/${machineId}/actions`, {
    Commands: commands,
    Comment: "wire test",
    options: { runAs },
  });

const script = async (text: string): Promise<Command> => runScript(await here().library.script("run-as", text));

test("runAs runs the scripts of an action as that user, is shown with it and audited", {
  skip: canChangeUser ? skip : "the agent of the tests does not run as root",
}, async () => {
  const { api, machineId } = here();
  const answer = await start(machineId, [await script("id -un; echo $HOME $USER")], "nobody");
  assert.equal(answer.status, 201, answer.text);
  const id = textAt(answer.body, "id");
  assertSucceeded(await api.waitForEnd(id));
  assert.equal(textAt(await api.transcript(id), "script_output"), "nobody\n/nonexistent nobody\n");
  const options = { runAs: "nobody" };
  for (const path of [`/halligan/v1/actions/${id}`, `/halligan/v1/actions/${id}/timing`]) {
    assert.deepEqual(at((await api.get(path)).body, "options"), options);
  }
  const audit = await api.get(`/halligan/v1/audit?actionId=${id}&operation=RunLiveResponse`);
  assert.deepEqual(at(audit.body, "value", 0, "detail", "options"), options);
});

test("runAs with a user that the device does not have fails the command with the reason", {
  skip: canChangeUser ? skip : "the agent of the tests does not run as root",
}, async () => {
  const { api, machineId } = here();
  const answer = await start(machineId, [await script("id")], "no-such-user-here");
  assert.equal(answer.status, 201, answer.text);
  const action = await api.waitForEnd(textAt(answer.body, "id"));
  assert.equal(textAt(action, "status"), "Failed");
  assert.match(textAt(action, "commands", 0, "errors", 0), /no user 'no-such-user-here', so the script was not run/);
});

test("runAs is 400 RunAsNotSupported where the machine cannot change the user, with the reason", {
  skip,
}, async () => {
  for (const [facts, message] of [
    [{ osPlatform: "macOS", version: "14.1" }, /this works on Linux only/],
    [{ osPlatform: "Windows11", osBuild: 22_631 }, /this works on Linux only/],
    [{}, /its agent is too old for runAs, or has not connected since its upgrade\. Upgrade it/],
  ] as const) {
    const machineId = await absentMachine(here(), facts);
    assertError(await start(machineId, [await script("id")], "nobody"), 400, "RunAsNotSupported", message);
    // Nothing was started.
    assert.equal((await here().api.run(machineId, [getFile("/x")])).status, 201);
  }
});

test("runAs without a script, or with what is no user's name, is 400 and named", { skip }, async () => {
  const { machineId } = here();
  assertError(await start(machineId, [getFile("/x")], "nobody"), 400, "InvalidRequestBody", /no RunScript/);
  for (const wrong of ["", "0", "1000", "-u", "a:b", "a/b", "a b", "a\0b", "x".repeat(129), 65_534, null]) {
    assertError(await start(machineId, [await script("id")], wrong), 400, "InvalidRequestBody", /runAs/);
  }
});
