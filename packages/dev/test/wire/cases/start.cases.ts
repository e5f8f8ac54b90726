import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSucceeded, FINAL } from "../support/api.ts";
import { getFile, putFile, runScript, UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError, assertGolden, context } from "../support/golden.ts";
import { at, listAt, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * `POST runliveresponse`. `docs/contract/clients-in-the-wild.md#starting-an-action`,
 * `docs/contract/http-api.md#run-live-response`.
 */
const run = (body: unknown) => here().api.post(`/api/machines/${here().machineId}/runliveresponse`, body);

test("201 with the whole action: Pending, every command Created, no times, no errors", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("whole", 'echo "$@" > whole.txt');
  const commands = [putFile(name), runScript(name, "one two"), getFile("whole.txt")];
  const answer = await api.run(machineId, commands, "why it is done");
  assert.equal(answer.status, 201, answer.text);
  assertGolden(answer.body, {
    "@odata.context": context("MachineActions/$entity"),
    id: "<guid>",
    type: "LiveResponse",
    title: null,
    requestor: "<text>",
    requestorComment: "why it is done",
    status: "Pending",
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
      startTime: null,
      endTime: null,
      commandStatus: "Created",
      errors: [],
      command: { type, params },
    })),
    troubleshootInfo: null,
  });
  assertSucceeded(await api.waitForEnd(textAt(answer.body, "id")));
});

test("a read right after the start finds the action with all of its commands", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("at-once", "sleep 0.3");
  const id = await api.start(machineId, [runScript(name), runScript(name), getFile("/etc/hostname")]);
  const seen: unknown[] = [];
  await api.waitFor(id, (action) => {
    seen.push(action);
    return FINAL.has(at(action, "status"));
  });
  for (const action of seen) {
    const commands = listAt(action, "commands").map((command) => [
      at(command, "index"),
      at(command, "command", "type"),
    ]);
    assert.deepEqual(commands, [
      [0, "RunScript"],
      [1, "RunScript"],
      [2, "GetFile"],
    ]);
  }
  assert.ok(
    seen.some((action) => !FINAL.has(at(action, "status"))),
    "it was seen while it ran",
  );
});

test("the start answers Pending though an agent takes the action at once", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("quick", ":");
  for (let round = 0; round < 5; round += 1) {
    const answer = await api.run(machineId, [runScript(name)]);
    assert.equal(textAt(answer.body, "status"), "Pending");
    await api.waitForEnd(textAt(answer.body, "id"));
  }
});

test("the order of properties does not matter", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("turned", ":");
  const body = `{"Comment":"turned","Commands":[{"params":[{"value":"x","key":"Args"},{"value":"${name}","key":"ScriptName"}],"type":"RunScript"}]}`;
  const answer = await api.send("POST", `/api/machines/${machineId}/runliveresponse`, {
    body,
    headers: { "content-type": "application/json" },
  });
  assert.equal(answer.status, 201, answer.text);
  assertGolden(at(answer.body, "commands", 0, "command"), {
    type: "RunScript",
    params: [
      { key: "Args", value: "x" },
      { key: "ScriptName", value: name },
    ],
  });
  await api.waitForEnd(textAt(answer.body, "id"));
});

for (const contentType of ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"]) {
  test(`the content type ${contentType} is taken`, async () => {
    const { api } = here();
    const answer = await api.send("POST", `/api/machines/${UNKNOWN_MACHINE}/runliveresponse`, {
      body: JSON.stringify({ Commands: [getFile("/x")], Comment: "type" }),
      headers: { "content-type": contentType },
    });
    assertError(answer, 404, "ResourceNotFound");
  });
}

test("Args may be left out", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("no-args", 'echo "$#"');
  const action = await api.runToEnd(machineId, [runScript(name)]);
  assertSucceeded(action);
  assert.equal(textAt(await api.transcript(textAt(action, "id")), "script_output"), "0\n");
});

for (const [args, seen] of [
  ["--noargs", "--noargs"],
  ["a b,c", "a b,c"],
  ["x?y=1&z=2 ^&", "x?y=1&z=2 ^&"],
  ["'one word' \"two words\"", "one word two words"],
  ["$HOME `id` $(id) ; | !", "$HOME `id` $(id) ; | !"],
  ["it's", "it's"],
  ["ä €", "ä €"],
] as const) {
  test(`Args is opaque text that reaches the script and is echoed: ${args}`, async () => {
    const { api, library, machineId } = here();
    const name = await library.script("args", 'printf %s "$*"');
    const action = await api.runToEnd(machineId, [runScript(name, args)]);
    assertSucceeded(action);
    assert.equal(textAt(action, "commands", 0, "command", "params", 1, "value"), args);
    assert.equal(textAt(await api.transcript(textAt(action, "id")), "script_output"), seen);
  });
}

test("commands of a type may be repeated, and run in the order of the request", async () => {
  const { api, library, machineId } = here();
  const first = await library.script("first", "echo first >> order.txt");
  const second = await library.script("second", "echo second >> order.txt");
  const commands = [
    putFile(first),
    putFile(second),
    runScript(first),
    runScript(second),
    runScript(first),
    getFile("order.txt"),
    getFile("order.txt"),
  ];
  assertSucceeded(await api.runToEnd(machineId, commands));
});

test("another order than PutFile, RunScript, GetFile is 400 InvalidRequestBody", {
  skip: onlyHalligan("its choice to hold the order"),
}, async () => {
  for (const commands of [
    [runScript("a.sh"), putFile("a.sh")],
    [getFile("/a"), runScript("a.sh")],
    [getFile("/a"), putFile("a.sh")],
    [putFile("a"), runScript("a"), putFile("a")],
  ]) {
    assertError(await run({ Commands: commands, Comment: "order" }), 400, "InvalidRequestBody");
  }
});

test("empty Commands and an unknown type are 400 InvalidRequestBody", async () => {
  assertError(await run({ Commands: [], Comment: "x" }), 400, "InvalidRequestBody");
  for (const type of ["Isolate", "runscript", "", 1, null]) {
    const Commands = [{ type, params: [{ key: "ScriptName", value: "a" }] }];
    assertError(await run({ Commands, Comment: "x" }), 400, "InvalidRequestBody", /Request body is incorrect/);
  }
});

test("a missing parameter is 400 MissingRequiredParameter and named", async () => {
  for (const [body, name] of [
    [{ Comment: "x" }, /Commands/],
    [{ Commands: [getFile("/a")] }, /Comment/],
    [{ Commands: [{ type: "RunScript", params: [] }], Comment: "x" }, /ScriptName/],
    [{ Commands: [{ type: "RunScript", params: [{ key: "Args", value: "x" }] }], Comment: "x" }, /ScriptName/],
    [{ Commands: [{ type: "GetFile", params: [] }], Comment: "x" }, /Path/],
    [{ Commands: [{ type: "PutFile", params: [] }], Comment: "x" }, /FileName/],
    [{ Commands: [{ params: [{ key: "Path", value: "/a" }] }], Comment: "x" }, /type/],
  ] as const) {
    assertError(await run(body), 400, "MissingRequiredParameter", name);
  }
});

test("names in the wrong letter case are refused by name of the fault", async () => {
  const { machineId } = here();
  for (const body of [
    { commands: [getFile("/a")], Comment: "x" },
    { Commands: [getFile("/a")], comment: "x" },
    { COMMANDS: [getFile("/a")], Comment: "x" },
    { Commands: [{ Type: "GetFile", params: [{ key: "Path", value: "/a" }] }], Comment: "x" },
    { Commands: [{ type: "GetFile", Params: [{ key: "Path", value: "/a" }] }], Comment: "x" },
    { Commands: [{ type: "GetFile", params: [{ Key: "Path", Value: "/a" }] }], Comment: "x" },
  ]) {
    const answer = await here().api.post(`/api/machines/${machineId}/runliveresponse`, body);
    const code = textAt(answer.body, "error", "code");
    assert.ok(["InvalidRequestBody", "MissingRequiredParameter"].includes(code), answer.text);
    assertError(answer, 400, code);
  }
});

test("an unknown or doubled key is 400 InvalidRequestBody", {
  skip: onlyHalligan("its choice to refuse them"),
}, async () => {
  for (const Commands of [
    [{ type: "RunScript", params: [{ key: "scriptName", value: "a" }] }],
    [
      {
        type: "RunScript",
        params: [
          { key: "ScriptName", value: "a" },
          { key: "Timeout", value: "1" },
        ],
      },
    ],
    [
      {
        type: "RunScript",
        params: [
          { key: "ScriptName", value: "a" },
          { key: "ScriptName", value: "b" },
        ],
      },
    ],
    [{ type: "GetFile", params: [{ key: "FileName", value: "a" }] }],
    [{ type: "GetFile", params: [{ key: "Path", value: "/a" }], timeout: 5 }],
  ]) {
    assertError(await run({ Commands, Comment: "x" }), 400, "InvalidRequestBody");
  }
  assertError(await run({ Commands: [getFile("/a")], Comment: "x", Priority: 1 }), 400, "InvalidRequestBody");
});

test("params as a map, ScriptName at top level and other deviations get a clean 400", async () => {
  for (const body of [
    { Commands: [{ type: "RunScript", params: { ScriptName: "a.sh" } }], Comment: "x" },
    { ScriptName: "a.sh", Comment: "x" },
    { Commands: { type: "RunScript", params: [] }, Comment: "x" },
    [getFile("/a")],
    "RunScript",
    null,
  ]) {
    const answer = await run(body);
    assertError(answer, 400, textAt(answer.body, "error", "code"));
  }
});

test("paths that no real service has get a clean 404", async () => {
  const { api, machineId } = here();
  for (const path of [
    `/api/machines/${machineId}/getfile`,
    `/api/machines/${machineId}/putfile`,
    `/api/machines/${machineId}/liveresponse`,
    "/api/liveresponse/sessions",
  ]) {
    assertError(await api.post(path, { Comment: "x" }), 404, "NotFound");
  }
});

test("an unknown machine is reported before a script that is missing too", async () => {
  const answer = await here().api.run(UNKNOWN_MACHINE, [runScript("no-such-script.sh")]);
  assertError(answer, 404, "ResourceNotFound", new RegExp(UNKNOWN_MACHINE));
});

test("a script that the library does not have is taken, and its command fails saying so", async () => {
  const { api, machineId } = here();
  const action = await api.runToEnd(machineId, [runScript("no-such-script.sh"), getFile("/etc/hostname")]);
  assert.equal(textAt(action, "status"), "Failed");
  assert.deepEqual(
    listAt(action, "commands").map((command) => at(command, "commandStatus")),
    ["Failed", "Created"],
  );
  assert.match(textAt(action, "commands", 0, "errors", 0), /./);
});

test("a PutFile that names a path instead of a library file is taken and fails later", async () => {
  const { api, machineId } = here();
  const action = await api.runToEnd(machineId, [putFile("C:\\Windows\\Temp\\tool.exe")]);
  assert.equal(textAt(action, "status"), "Failed");
  assert.equal(textAt(action, "commands", 0, "commandStatus"), "Failed");
});
