import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { Api } from "../support/api.ts";
import { applicationWith } from "../support/applications.ts";
import { getFile } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, listAt, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * One rule for texts in filters, one for ids. `docs/contract/http-api.md#list-machine-actions` and
 * `docs/contract/http-api.md#machines`.
 */
const found = async (path: string, filter: string): Promise<readonly unknown[]> => {
  const answer = await here().api.get(`${path}?$filter=${encodeURIComponent(filter)}`);
  assert.equal(answer.status, 200, `${filter}: ${answer.text}`);
  return listAt(answer.body, "value");
};

const swapped = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));

test("the case of ASCII letters does not count in any text of a filter", {
  skip: onlyHalligan("to set a tag"),
}, async () => {
  const { api, machineId } = here();
  assert.equal((await api.post(`/api/machines/${machineId}/tags`, { Value: "Wire Case", Action: "Add" })).status, 200);
  const { body: machine } = await api.get(`/api/machines/${machineId}`);
  for (const name of [
    "computerDnsName",
    "osPlatform",
    "version",
    "osVersion",
    "osArchitecture",
    "agentVersion",
    "rbacGroupName",
    "osProcessor",
  ]) {
    const value = at(machine, name);
    if (typeof value !== "string" || value === "") continue;
    const text = swapped(value).replaceAll("'", "''");
    for (const condition of [
      `${name} eq '${text}'`,
      `${name} in ('x','${text}')`,
      `startswith(${name},'${text}')`,
      `not (${name} ne '${text}')`,
    ]) {
      const ids = (await found("/api/machines", condition)).map((one) => at(one, "id"));
      assert.ok(ids.includes(machineId), condition);
    }
  }
  for (const condition of ["t eq 'wIRE cASE'", "contains(t,'RE CA')", "toupper(t) eq 'WIRE CASE'"]) {
    assert.equal((await found("/api/machines", `machineTags/any(t: ${condition})`)).length, 1, condition);
  }
  const byTag = await api.get("/api/machines/findbytag?TAG=wire%20case&usestartswithfilter=TRUE");
  assert.equal(listAt(byTag.body, "value").length, 1);
});

test("a requestor and a status of actions are found in any letter case", async () => {
  const { api, machineId } = here();
  const action = await api.runToEnd(machineId, [getFile("/etc/hostname")]);
  const [id, requestor] = [textAt(action, "id"), textAt(action, "requestor")];
  const condition = `id eq '${id.toUpperCase()}' and requestor eq '${swapped(requestor)}' and status eq 'SUCCEEDED'`;
  assert.deepEqual(
    (await found("/api/machineactions", condition)).map((one) => at(one, "id")),
    [id],
  );
});

test("an id is found in any letter case: machines, actions, applications and the audit", {
  skip: onlyHalligan("its own interface for applications and the audit"),
}, async () => {
  const { api, target, machineId } = here();
  const other = await applicationWith(here(), `case ${randomUUID()}`, ["Machine.Read.All"]);
  const { clientId } = other.target;
  const upper = await Api.open({ ...other.target, clientId: clientId.toUpperCase() });
  assert.equal((await upper.get(`/api/machines/${machineId.toUpperCase()}`)).status, 200);
  const id = await api.start(machineId, [getFile("/etc/hostname")]);
  await api.waitForEnd(id);
  assert.equal((await api.get(`/api/machineactions/${id.toUpperCase()}`)).status, 200);
  for (const option of [
    `actionId=${id.toUpperCase()}`,
    `ACTORID=${target.clientId.toUpperCase()}&operation=runliveresponse`,
  ]) {
    const audit = await api.get(`/halligan/v1/audit?${option}`);
    assert.ok(
      listAt(audit.body, "value").some((record) => at(record, "actionId") === id),
      option,
    );
  }
  const own = await api.send("DELETE", `/halligan/v1/applications/${target.clientId.toUpperCase()}`);
  assertError(own, 400, textAt(own.body, "error", "code"));
  assert.equal((await api.send("DELETE", `/halligan/v1/applications/${clientId.toUpperCase()}`)).status, 204);
  assert.equal((await other.get("/api/machines")).status, 401);
});

const LONE = "\ud800";

test("text that is not well-formed, or has a NUL, is 400 in every field of every body, and its place is named", async () => {
  const { api, machineId } = here();
  const run = `/api/machines/${machineId}/runliveresponse`;
  const params = (key: string, value: string) => [{ key, value }];
  for (const text of [LONE, "a\0b"]) {
    for (const [path, body, place] of [
      [run, { Commands: [getFile("/etc/hostname")], Comment: text }, "Comment"],
      [
        run,
        { Commands: [{ type: "GetFile", params: params("Path", `/${text}`) }], Comment: "x" },
        "Commands[0].params[0].value",
      ],
      [
        run,
        {
          Commands: [{ type: "RunScript", params: [...params("ScriptName", "a.sh"), { key: "Args", value: text }] }],
          Comment: "x",
        },
        "Commands[0].params[1].value",
      ],
      [
        run,
        { Commands: [{ type: "RunScript", params: params("ScriptName", text) }], Comment: "x" },
        "Commands[0].params[0].value",
      ],
      [run, { Commands: [{ type: "GetFile", params: params(text, "x") }], Comment: "x" }, "Commands[0].params[0].key"],
      [`/api/machineactions/${randomUUID()}/cancel`, { Comment: text }, "Comment"],
      [`/api/machines/${machineId}/tags`, { Value: text, Action: "Add" }, "Value"],
    ] as const) {
      const answer = await api.post(path, body);
      assertError(answer, 400, "InvalidRequestBody");
      assert.ok(textAt(answer.body, "error", "message").includes(`${place} `), answer.text);
    }
  }
});

test("so it is in every field of Halligan's own operations, in queries and in multipart parts", {
  skip: onlyHalligan("its own interface"),
}, async () => {
  const { api, library } = here();
  for (const text of [LONE, "a\0b"]) {
    for (const [path, body] of [
      ["/halligan/v1/applications", { name: text, roles: ["Machine.Read.All"] }],
      ["/halligan/v1/applications", { name: "x", roles: [text] }],
      ["/halligan/v1/applications", { name: "x", roles: ["Machine.Read.All"], keys: [{ kid: text }] }],
      ["/halligan/v1/device-groups", { name: text, remediationLevel: "full" }],
      ["/halligan/v1/device-groups", { name: "x", remediationLevel: "full", users: [text] }],
      ["/halligan/v1/device-groups", { name: "x", remediationLevel: "full", userGroups: ["a", text] }],
      ["/agent/v1/enroll", { token: text, publicKey: "x", proof: "x", facts: {} }],
      ["/agent/v1/enroll", { token: "x", publicKey: "x", proof: "x", facts: { computerDnsName: text } }],
    ] as const) {
      const answer = await api.post(path, body);
      assertError(answer, 400, "InvalidRequestBody");
      assert.match(textAt(answer.body, "error", "message"), /not well-formed Unicode|NUL/);
    }
  }
  const name = library.name("ill-formed.txt");
  for (const text of ["%ed%a0%80", "%00", "%ff"]) {
    const put = await api.send("PUT", `/halligan/v1/library/${name}?description=${text}`, { body: "x" });
    assertError(put, 400, "InvalidInput", /query option description/);
    const audit = await api.get(`/halligan/v1/audit?actorId=${text}`);
    assertError(audit, 400, "InvalidInput", /query option actorId/);
    const filtered = await api.get(`/api/machineactions?$filter=requestor eq '${text}'`);
    assertError(filtered, 400, "ODataError", /query option \$filter/);
  }
  assertError(
    await library.upload(name, "x", { Description: "a\0b" }),
    400,
    "InvalidRequestBody",
    /the part Description/,
  );
  assertError(await api.get("/api/machines/a%00b"), 400, "BadRequest", /path contains a NUL/);
});

test("text that is well-formed comes back as it was sent, whatever it is", async () => {
  const { api, machineId } = here();
  for (const text of ["\u{1f600} \ufffe\uffff \u202e \u001b[2J \u2028 \\ud800 \\u0000 \"'"]) {
    const id = await api.start(machineId, [getFile(`/none/${text}`)], text);
    const action = await api.waitForEnd(id);
    assert.equal(textAt(action, "requestorComment"), text);
    assert.ok(JSON.stringify(at(action, "commands")).includes(JSON.stringify(`/none/${text}`)));
  }
});
