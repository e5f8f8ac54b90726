import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { absentMachine } from "../support/absent-machines.ts";
import { type Answer, assertSucceeded, type Command, type Sending } from "../support/api.ts";
import { getFile, runScript } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/** `options` of a start. `docs/decisions/0047-options-of-an-action.md`. */

const skip = onlyHalligan("options of an action");

const start = (machineId: string, commands: readonly Command[], options: unknown, more: Sending = {}) =>
  here().api.post(
    `/halligan/v1/machines/${machineId}/actions`,
    { Commands: commands, Comment: "wire test", options },
    more,
  );

async function runWith(options: object, text: string): Promise<{ id: string; action: unknown; transcript: unknown }> {
  const { api, library, machineId } = here();
  const answer = await start(machineId, [runScript(await library.script("options", text))], options);
  assert.equal(answer.status, 201, answer.text);
  const id = textAt(answer.body, "id");
  const action = await api.waitForEnd(id);
  return { id, action, transcript: await api.transcript(id) };
}

const idOf = (answer: Answer): string => {
  assert.equal(answer.status, 201, answer.text);
  return textAt(answer.body, "id");
};

test("scriptTimeoutMs ends a script as the deployment's own limit does", { skip }, async () => {
  const { action, transcript } = await runWith({ scriptTimeoutMs: 700 }, "echo so far; sleep 60; echo never");
  assert.equal(textAt(action, "status"), "Failed");
  assert.match(textAt(action, "commands", 0, "errors", 0), /did not end within/);
  assert.equal(textAt(transcript, "script_output"), "so far\n");
});

test("outputLimitBytes cuts the output of a script, and says so", { skip }, async () => {
  const { action, transcript } = await runWith({ outputLimitBytes: 1_000 }, "head -c 5000 /dev/zero | tr '\\0' x");
  assertSucceeded(action);
  assert.match(textAt(action, "commands", 0, "errors", 0), /stdout was cut: 1,000 of 5,000 bytes kept/);
  assert.ok(textAt(transcript, "script_output").startsWith("x".repeat(1_000)));
});

test("outputLimitBytes may be more than the deployment's own limit", { skip }, async () => {
  const bytes = 12 * 1024 * 1024;
  const { action, transcript } = await runWith({ outputLimitBytes: bytes }, `head -c ${bytes} /dev/zero | tr '\\0' x`);
  assertSucceeded(action);
  assert.equal(textAt(transcript, "script_output").length, bytes);
});

test("queueTimeoutMs is how long the action waits for its device", { skip }, async () => {
  const id = idOf(await start(await absentMachine(here()), [getFile("/x")], { queueTimeoutMs: 90_000 }));
  const { body } = await here().api.get(`/halligan/v1/actions/${id}`);
  const createdMs = Date.parse(textAt(body, "creationDateTimeUtc"));
  assert.equal(Date.parse(textAt(body, "waiting", "until")), createdMs + 90_000);
});

test("options are shown with the action and audited with its start, and the contract's entity is unchanged", {
  skip,
}, async () => {
  const { api } = here();
  const options = { keepProcesses: true, scriptTimeoutMs: 60_000, outputLimitBytes: 0, queueTimeoutMs: 5_000 };
  const id = idOf(await start(await absentMachine(here()), [getFile("/x")], options));
  const paths = [`/halligan/v1/actions/${id}`, `/halligan/v1/actions/${id}/timing`];
  for (const path of paths) assert.deepEqual(at((await api.get(path)).body, "options"), options);
  const audit = await api.get(`/halligan/v1/audit?actionId=${id}&operation=RunLiveResponse`);
  assert.deepEqual(at(audit.body, "value", 0, "detail", "options"), options);
  assert.equal(at((await api.action(id)).body, "options"), undefined);
  const plain = idOf(await start(await absentMachine(here()), [getFile("/x")], {}));
  assert.equal(at((await api.get(`/halligan/v1/actions/${plain}`)).body, "options"), undefined);
});

test("an option that does not exist, has another type, or is beyond its range is 400 and named", { skip }, async () => {
  const { machineId } = here();
  for (const [options, message] of [
    [{ scriptTimeout: 5 }, /scriptTimeout/],
    [{ scriptTimeoutMs: "5s" }, /scriptTimeoutMs/],
    [{ scriptTimeoutMs: 1 }, /scriptTimeoutMs/],
    [{ scriptTimeoutMs: 14_400_001 }, /options\.scriptTimeoutMs is 14400001; the maximum is 14400000/],
    [{ outputLimitBytes: -1 }, /outputLimitBytes/],
    [{ outputLimitBytes: 104_857_601 }, /options\.outputLimitBytes is 104857601; the maximum is 104857600/],
    [{ queueTimeoutMs: 0.5 }, /queueTimeoutMs/],
    [{ notBefore: "tomorrow" }, /notBefore/],
    [{ notBefore: "2199-01-01T00:00:00Z" }, /options\.notBefore is 2199.*; the maximum is 2592000000 ms from now/],
    [{ queueTimeoutMs: 2_592_000_001 }, /options\.queueTimeoutMs is 2592000001; the maximum is 2592000000/],
  ] as const) {
    assertError(await start(machineId, [getFile("/x")], options), 400, "InvalidRequestBody", message);
  }
});

test("a repeated start with other options is another request", { skip }, async () => {
  const machineId = await absentMachine(here());
  const sending = { headers: { "idempotency-key": randomUUID() } };
  const first = await start(machineId, [getFile("/x")], { queueTimeoutMs: 60_000 }, sending);
  assert.equal(first.status, 201, first.text);
  const again = await start(machineId, [getFile("/x")], { queueTimeoutMs: 60_000 }, sending);
  assert.deepEqual([again.status, again.text], [201, first.text]);
  for (const options of [{ queueTimeoutMs: 60_001 }, {}, undefined]) {
    assertError(await start(machineId, [getFile("/x")], options, sending), 422, "IdempotencyKeyReused");
  }
});
