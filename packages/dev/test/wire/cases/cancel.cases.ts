import assert from "node:assert/strict";
import { test } from "node:test";
import { absentMachine } from "../support/absent-machines.ts";
import { assertSucceeded, statusOf } from "../support/api.ts";
import { getFile, putFile, runScript, UNKNOWN_ACTION } from "../support/commands.ts";
import { assertError, assertGolden, context } from "../support/golden.ts";
import { at, numberAt, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * `POST cancel`. `docs/contract/clients-in-the-wild.md#cancel`,
 * `docs/contract/http-api.md#cancel-a-machine-action`, `docs/contract/lifecycle.md#cancel`.
 */
async function running(): Promise<string> {
  const { api, library, machineId } = here();
  const name = await library.script("running", "sleep 120");
  const id = await api.start(machineId, [runScript(name)]);
  await api.waitFor(id, (action) => at(action, "status") === "InProgress");
  return id;
}

test("a running action answers 200 with itself already Cancelled, and with who, why and when", async () => {
  const { api, machineId } = here();
  const id = await running();
  const answer = await api.cancel(id, "wrong machine");
  assert.equal(answer.status, 200, answer.text);
  assertGolden(
    { ...Object(answer.body), commands: "left out", errorHResult: "left out" },
    {
      "@odata.context": context("MachineActions/$entity"),
      id,
      type: "LiveResponse",
      title: null,
      requestor: "<text>",
      requestorComment: "wire test",
      status: "Cancelled",
      machineId,
      computerDnsName: "<text or null>",
      creationDateTimeUtc: "<time>",
      lastUpdateDateTimeUtc: "<time>",
      cancellationRequestor: "<text>",
      cancellationComment: "wrong machine",
      cancellationDateTimeUtc: "<time>",
      errorHResult: "left out",
      scope: null,
      externalId: null,
      requestSource: "PublicApi",
      relatedFileInfo: null,
      commands: "left out",
      troubleshootInfo: null,
    },
  );
  assert.equal(at(answer.body, "error"), undefined);
});

test("a client that repeats the POST until it sees Cancelled sees it, and the first comment stays", async () => {
  const { api } = here();
  const id = await running();
  let answer = await api.cancel(id, "first");
  for (let i = 0; i < 3; i += 1) {
    answer = await api.cancel(id, "again");
    assert.equal(answer.status, 200);
    assert.equal(statusOf(answer.body), "Cancelled");
  }
  assert.equal(textAt(answer.body, "cancellationComment"), "first");
  assert.equal(textAt((await api.action(id)).body, "status"), "Cancelled");
});

test("an unknown id is 404 ResourceNotFound", async () => {
  assertError(await here().api.cancel(UNKNOWN_ACTION), 404, "ResourceNotFound");
  assertError(await here().api.cancel("no-guid"), 404, "ResourceNotFound");
});

test("a Failed action answers 200 with itself, still Failed", { skip: onlyHalligan("its choice") }, async () => {
  const { api, machineId } = here();
  const action = await api.runToEnd(machineId, [getFile("/no/such/file")]);
  const answer = await api.cancel(textAt(action, "id"));
  assert.equal(answer.status, 200, answer.text);
  assert.equal(statusOf(answer.body), "Failed");
  assert.equal(at(answer.body, "cancellationComment"), null);
});

test("a Succeeded action is not cancellable: 400 that names the status", async () => {
  const { api, machineId } = here();
  const action = await api.runToEnd(machineId, [getFile("/etc/hostname")]);
  const answer = await api.cancel(textAt(action, "id"));
  assert.equal(answer.status, 400, answer.text);
  if (onlyHalligan("its choice of code and words") === false) assertError(answer, 400, "BadRequest", /Succeeded/);
  assert.equal(statusOf((await api.action(textAt(action, "id"))).body), "Succeeded");
});

test("an action that still waits for its machine can be cancelled", {
  skip: onlyHalligan("a device that is offline"),
}, async () => {
  const { api } = here();
  const absentId = await absentMachine(here());
  const id = await api.start(absentId, [getFile("/etc/hostname")]);
  assert.equal(statusOf((await api.cancel(id)).body), "Cancelled");
});

test("what a cancel killed is gone, and the machine takes its next action", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("tree", "rm -f ticks; (while :; do echo tick >> ticks; sleep 0.05; done) & wait");
  const id = await api.start(machineId, [runScript(name)]);
  await api.waitFor(id, (action) => at(action, "status") === "InProgress");
  assert.equal((await api.cancel(id)).status, 200);
  const look = await library.script(
    "look",
    "touch ticks; a=$(wc -l < ticks); sleep 0.3; echo $(($(wc -l < ticks) - a))",
  );
  const next = await api.runToEnd(machineId, [runScript(look)]);
  assertSucceeded(next);
  if (onlyHalligan("that cancel ends what runs on the device") === false) {
    assert.equal(textAt(await api.transcript(textAt(next, "id")), "script_output"), "0\n");
  }
});

test("the commands after the cancelled one stay Created", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("not-the-last", "sleep 120");
  const id = await api.start(machineId, [putFile(name), runScript(name), getFile("/etc/hostname")]);
  await api.waitFor(id, (action) => at(action, "commands", 0, "commandStatus") === "Completed");
  const answer = await api.cancel(id);
  assert.equal(at(answer.body, "commands", 0, "commandStatus"), "Completed");
  assert.equal(at(answer.body, "commands", 2, "commandStatus"), "Created");
});

test("errorHResult of a cancelled action is the HRESULT of cancelling, signed", {
  skip: onlyHalligan("its choice of numbers"),
}, async () => {
  assert.equal(numberAt((await here().api.cancel(await running())).body, "errorHResult"), 0x800704c7 | 0);
});

test("a cancel without a comment is 400 MissingRequiredParameter", async () => {
  const { api, machineId } = here();
  const action = await api.runToEnd(machineId, [getFile("/etc/hostname")]);
  const answer = await api.post(`/api/machineactions/${textAt(action, "id")}/cancel`, {});
  assertError(answer, 400, "MissingRequiredParameter", /Comment/);
});
