import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ActionResultsWire, ActionTimingWire } from "@halligan/protocol/api";
import { Value } from "typebox/value";
import { absentMachine } from "../support/absent-machines.ts";
import { assertSucceeded, FINAL } from "../support/api.ts";
import { getFile, putFile, runScript, UNKNOWN_ACTION } from "../support/commands.ts";
import { assertError, assertGolden, context } from "../support/golden.ts";
import { at, listAt, numberAt, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { OUTSIDE, onlyHalligan } from "../support/target.ts";

/**
 * The action while it goes on and afterwards. `docs/contract/clients-in-the-wild.md#polling`,
 * `docs/contract/http-api.md#machine-action-entity` and
 * `docs/contract/http-api.md#get-a-machine-action`,
 * `docs/contract/lifecycle.md#machine-action-status` and
 * `docs/contract/lifecycle.md#command-status`.
 */
const statusesOf = (action: unknown) => listAt(action, "commands").map((command) => at(command, "commandStatus"));

test("a finished action has the keys of real captures in their order, all of them there", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("golden", "echo golden > golden.txt");
  const commands = [putFile(name), runScript(name), getFile("golden.txt")];
  const id = await api.start(machineId, commands, "golden");
  await api.waitForEnd(id);
  const answer = await api.action(id);
  assert.equal(answer.status, 200);
  assertGolden(answer.body, {
    "@odata.context": context("MachineActions/$entity"),
    id,
    type: "LiveResponse",
    title: null,
    requestor: "<text>",
    requestorComment: "golden",
    status: "Succeeded",
    machineId,
    computerDnsName: "<text or null>",
    creationDateTimeUtc: "<time>",
    lastUpdateDateTimeUtc: "<time>",
    cancellationRequestor: null,
    cancellationComment: null,
    cancellationDateTimeUtc: null,
    errorHResult: 0,
    scope: null,
    externalId: null,
    requestSource: "PublicApi",
    relatedFileInfo: null,
    commands: commands.map(({ type, params }, index) => ({
      index,
      startTime: "<time or null>",
      endTime: "<time>",
      commandStatus: "Completed",
      errors: [],
      command: { type, params },
    })),
    troubleshootInfo: null,
  });
});

test("requestor is the application's display name", {
  skip: onlyHalligan("to know the application's name"),
}, async () => {
  const { api, machineId } = here();
  const action = await api.runToEnd(machineId, [getFile("/etc/hostname")]);
  assert.equal(textAt(action, "requestor"), "administrator");
});

test("an unknown id is 404 ResourceNotFound, whatever it looks like", async () => {
  const { api } = here();
  for (const id of [UNKNOWN_ACTION, "no-guid", "0"]) assertError(await api.action(id), 404, "ResourceNotFound");
});

test("an id is found in upper case too", { skip: onlyHalligan("its choice") }, async () => {
  const { api, machineId } = here();
  const action = await api.runToEnd(machineId, [getFile("/etc/hostname")]);
  const answer = await api.action(textAt(action, "id").toUpperCase());
  assert.equal(textAt(answer.body, "id"), textAt(action, "id"));
});

test("statuses go from Pending over InProgress to Succeeded, never back, and no other text shows", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("statuses", "sleep 0.2");
  const id = await api.start(machineId, [runScript(name), runScript(name)]);
  const seen: unknown[] = [];
  await api.waitFor(id, (action) => {
    if (seen.at(-1) !== at(action, "status")) seen.push(at(action, "status"));
    return FINAL.has(at(action, "status"));
  });
  const order = ["Pending", "InProgress", "Succeeded"];
  assert.deepEqual(
    seen,
    order.filter((status) => seen.includes(status)),
  );
  if (OUTSIDE === null) assert.ok(seen.includes("InProgress"), "polled often enough to see it run");
});

test("commandStatus has no text but the contract's, and Completed does not show before the result can be downloaded", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("completed", "sleep 0.1; echo ready");
  const id = await api.start(machineId, [runScript(name), runScript(name), getFile("/etc/hostname")]);
  const completed = new Set<number>();
  const seen = new Set<unknown>();
  for (let isOver = false; !isOver; ) {
    const { body } = await api.action(id);
    isOver = FINAL.has(at(body, "status"));
    for (const [index, status] of statusesOf(body).entries()) {
      seen.add(status);
      if (status !== "Completed" || completed.has(index)) continue;
      completed.add(index);
      assert.equal((await api.result(id, index)).status, 200, `command ${index}`);
    }
  }
  const known: unknown[] = ["Created", "Submitted", "PendingResource", "Executing", "Completed", "Failed"];
  assert.deepEqual(
    [...seen].filter((status) => !known.includes(status)),
    [],
  );
  assert.deepEqual([...completed].toSorted(), [0, 1, 2]);
});

test("a Succeeded action has only Completed commands, PutFile too", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("only-completed", ":");
  const action = await api.runToEnd(machineId, [putFile(name), runScript(name)]);
  assertSucceeded(action);
  assert.deepEqual(statusesOf(action), ["Completed", "Completed"]);
});

test("as soon as Succeeded shows, every link works", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("as-soon-as", "head -c 300000 /dev/zero | tr '\\0' x");
  for (let round = 0; round < 3; round += 1) {
    const id = await api.start(machineId, [runScript(name), getFile("/etc/hostname")]);
    await api.waitForEnd(id);
    assert.equal(textAt(await api.transcript(id, 0), "script_output").length, 300_000);
    assert.equal((await api.result(id, 1)).status, 200);
  }
});

test("after a command that fails the later ones stay Created, the action is Failed and says why", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("before-failure", "echo before");
  const commands = [runScript(name), getFile("/no/such/file"), getFile("/etc/hostname")];
  const action = await api.runToEnd(machineId, commands);
  assert.equal(textAt(action, "status"), "Failed");
  assert.deepEqual(statusesOf(action), ["Completed", "Failed", "Created"]);
  for (const command of listAt(action, "commands")) {
    assert.ok(listAt(command, "errors").every((error) => typeof error === "string"));
  }
  assert.ok(listAt(action, "commands", 1, "errors").length > 0);
  assert.deepEqual(at(action, "commands", 2, "errors"), []);
  assert.equal(at(action, "commands", 2, "endTime"), null);
});

test("errorHResult is 0 on success and a signed 32-bit number below it on failure", {
  skip: onlyHalligan("its choice of numbers"),
}, async () => {
  const { api, machineId } = here();
  assert.equal(numberAt(await api.runToEnd(machineId, [getFile("/etc/hostname")]), "errorHResult"), 0);
  const failed = await api.runToEnd(machineId, [getFile("/no/such/file")]);
  assert.equal(numberAt(failed, "errorHResult"), 0x80004005 | 0);
});

test("a script that ends with non-zero leaves its command Completed and the action Succeeded, and exit_code is true", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("non-zero", "exit 4");
  const action = await api.runToEnd(machineId, [runScript(name), getFile("/etc/hostname")]);
  assertSucceeded(action);
  assert.deepEqual(statusesOf(action), ["Completed", "Completed"]);
  if (onlyHalligan("the script's own exit code") === false) {
    assert.equal(numberAt(await api.transcript(textAt(action, "id")), "exit_code"), 4);
  }
});

test("times go forward: created, commands one after the other, last update", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("times", "sleep 0.05");
  const action = await api.runToEnd(machineId, [runScript(name), runScript(name)]);
  const commands = listAt(action, "commands").flatMap((command) => [
    textAt(command, "startTime"),
    textAt(command, "endTime"),
  ]);
  const times = [textAt(action, "creationDateTimeUtc"), ...commands, textAt(action, "lastUpdateDateTimeUtc")].map(
    Date.parse,
  );
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

test("a polled action never goes back in lastUpdateDateTimeUtc", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("updates", "sleep 0.1");
  const id = await api.start(machineId, [runScript(name)]);
  const updates: number[] = [];
  await api.waitFor(id, (action) => {
    updates.push(Date.parse(textAt(action, "lastUpdateDateTimeUtc")));
    return FINAL.has(at(action, "status"));
  });
  assert.deepEqual(
    updates,
    updates.toSorted((a, b) => a - b),
  );
});

test("PutFile, RunScript and a GetFile of a relative path share one working folder, and PutFile replaces a file in it", async () => {
  const { api, library, machineId } = here();
  const read = await library.script(
    "read-put",
    `cat "$1" > seen.txt; [ -z "$HALLIGAN_WORKDIR" ] || cd "$HALLIGAN_WORKDIR"; cat "$1" >> seen.txt`,
  );
  for (const text of ["first", "second, longer"]) {
    const put = await library.add("put.txt", `${text}\n`);
    const action = await api.runToEnd(machineId, [putFile(put), runScript(read, put), getFile("seen.txt")]);
    assertSucceeded(action);
    const collected = await api.result(textAt(action, "id"), 2);
    assert.equal(gunzipSync(collected.bytes).toString(), `${text}\n${text}\n`);
  }
});

test("its timing adds up to the time between its creation and its end, which is no more than its caller waited", {
  skip: onlyHalligan("its own interface for timing"),
}, async () => {
  const { api, library, machineId } = here();
  const name = await library.script("timing", "sleep 0.2");
  const begunMs = performance.now();
  const action = await api.runToEnd(machineId, [runScript(name), getFile("/etc/hostname")]);
  const waitedMs = performance.now() - begunMs;
  const { body, status } = await api.get(`/halligan/v1/actions/${textAt(action, "id")}/timing`);
  assert.equal(status, 200);
  Value.Assert(ActionTimingWire, body);
  assert.deepEqual(
    body.steps.map(({ step, index }) => (index === null ? step : `${step} ${index}`)),
    [
      ...["accepted", "claimed", "sent"],
      ...["started 0", "ended 0", "uploaded 0", "started 1", "ended 1", "uploaded 1", "final"],
    ],
  );
  const msOf = (key: string) => Date.parse(textAt(action, key));
  const sumMs = body.steps.reduce((sum, { sinceMs }) => sum + sinceMs, 0);
  assert.equal(sumMs, body.totalMs);
  assert.equal(body.totalMs, msOf("lastUpdateDateTimeUtc") - msOf("creationDateTimeUtc"));
  // Both ends of the whole are cut to milliseconds.
  assert.ok(body.totalMs <= waitedMs + 1, `${body.totalMs} of ${waitedMs} ms`);
  const ranMs = Number(body.steps.find(({ step, index }) => step === "ended" && index === 0)?.sinceMs);
  assert.ok(ranMs >= 150, `a script that sleeps 200 ms ended on its device ${ranMs} ms after its start`);
  const ends = body.steps.filter(({ step }) => step === "uploaded").map(({ at }) => Date.parse(at));
  assert.deepEqual(
    ends,
    listAt(action, "commands").map((command) => Date.parse(textAt(command, "endTime"))),
  );
});

test("the response has the facts of each result, also how a file changed while it was collected", {
  skip: onlyHalligan("its own interface for results"),
}, async () => {
  const { api, library, machineId } = here();
  const name = await library.script("results", "echo out | tee out.txt");
  // States no size and is larger than what is read of such a file: of the changes the one that is
  // sure to happen.
  const commands = [putFile(name), runScript(name), getFile("out.txt"), getFile("/proc/self/pagemap")];
  const action = await api.runToEnd(machineId, commands);
  assertSucceeded(action);
  const id = textAt(action, "id");
  const { body, status } = await api.get(`/halligan/v1/actions/${id}/results`);
  assert.equal(status, 200);
  Value.Assert(ActionResultsWire, body);
  assert.deepEqual(
    body.value.map(({ index, type, fileName, isAvailable }) => [index, type, fileName, isAvailable]),
    [
      [1, "RunScript", `output_${id}_1.json`, true],
      [2, "GetFile", "out.txt.gz", true],
      [3, "GetFile", "pagemap.gz", true],
    ],
  );
  const { bytes } = await api.result(id, 2);
  assert.equal(body.value[1]?.sizeBytes, bytes.length);
  assert.equal(body.value[1]?.sha256, createHash("sha256").update(bytes).digest("hex"));
  assert.deepEqual([body.value[0]?.fileChange, body.value[1]?.fileChange], [null, null]);
  const count = (sizeBytes: number) => ({ sizeBytes, writtenBytes: sizeBytes, keptBytes: sizeBytes, truncated: false });
  assert.deepEqual(body.value[0]?.output, { stdout: count(4), stderr: count(0) });
  assert.equal(body.value[1]?.output, undefined);
  const changed = body.value[2]?.fileChange;
  assert.deepEqual(changed?.kinds, ["cutOff"]);
  assert.equal(gunzipSync((await api.result(id, 3)).bytes).length, changed?.collectedBytes);
  const errors = listAt(action, "commands").map((command) => at(command, "errors"));
  assert.deepEqual(errors.slice(0, 3), [[], [], []]);
  assert.match(String(errors[3]), /^Note: the file was collected in part\./);
  assertError(await api.get(`/halligan/v1/actions/${UNKNOWN_ACTION}/results`), 404, "ResourceNotFound");
});

test("the timing of an unfinished action has no end, and that of an unknown one is 404", {
  skip: onlyHalligan("its own interface for timing"),
}, async () => {
  const opened = here();
  const { api } = opened;
  const id = await api.start(await absentMachine(opened), [getFile("/etc/hosts")]);
  const { body } = await api.get(`/halligan/v1/actions/${id}/timing`);
  Value.Assert(ActionTimingWire, body);
  assert.deepEqual([body.status, body.steps.map(({ step }) => step), body.totalMs], ["Pending", ["accepted"], 0]);
  await api.cancel(id);
  const { body: after } = await api.get(`/halligan/v1/actions/${id}/timing`);
  Value.Assert(ActionTimingWire, after);
  assert.deepEqual(
    after.steps.map(({ step }) => step),
    ["accepted", "final"],
  );
  assertError(await api.get(`/halligan/v1/actions/${UNKNOWN_ACTION}/timing`), 404, "ResourceNotFound");
});

test("the results of an action say which one is an archive", { skip: onlyHalligan("archives") }, async () => {
  const { api, machineId } = here();
  const archive = { kind: "pattern", maxFiles: 10, maxBytes: 10_000 };
  const Commands = [getFile("/etc/hostname"), { ...getFile("/etc/host[n]ame"), archive }];
  const started = await api.post(`/halligan/v1/machines/${machineId}/actions`, { Commands, Comment: "wire test" });
  const id = textAt(started.body, "id");
  assertSucceeded(await api.waitForEnd(id));
  const { body } = await api.get(`/halligan/v1/actions/${id}/results`);
  Value.Assert(ActionResultsWire, body);
  assert.deepEqual(
    body.value.map((one) => [one.fileName, one.archive]),
    [
      ["hostname.gz", undefined],
      ["etc.tar.gz", archive],
    ],
  );
});
