import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DELEGATED_PERMISSIONS } from "@halligan/protocol/api";
import { absentMachine } from "./support/absent-machines.ts";
import type { Answer } from "./support/api.ts";
import { getFile, UNKNOWN_ACTION, UNKNOWN_MACHINE } from "./support/commands.ts";
import { openDefaultGroup } from "./support/default-group.ts";
import { assertError } from "./support/golden.ts";
import { listAt, numberAt, textAt } from "./support/json.ts";
import { OutsideIssuer } from "./support/outside-issuer.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

/**
 * Users with delegated permissions. `docs/contract/http-api.md#permissions`,
 * `docs/contract/auth.md#claims`, `docs/contract/auth.md#permission-names` and
 * `docs/contract/auth.md#responses-401-and-403`.
 */
describe("users", { skip: onlyHalligan("an issuer of users that it trusts") }, () => {
  const issuer = new OutsideIssuer();
  const here = setUp({ agents: 1, open: (stack) => stack.use(issuer).open() }, async ({ api, machineId }) => {
    const token = issuer.token(["Machine.Read"]);
    assertError(await api.get(`/api/machines/${machineId}`, { token }), 404, "ResourceNotFound");
    await openDefaultGroup(api);
  });

  const reading = ["Machine.Read", "Machine.ReadWrite"];
  const cancelling = [
    "Machine.CollectForensics",
    "Machine.Isolate",
    "Machine.RestrictExecution",
    "Machine.Scan",
    "Machine.Offboard",
    "Machine.StopAndQuarantine",
    "Machine.LiveResponse",
  ];
  const action = `/api/machineactions/${UNKNOWN_ACTION}`;
  const run = { Commands: [getFile("/x")], Comment: "x" };

  for (const [method, path, permissions, json] of [
    ["POST", `/api/machines/${UNKNOWN_MACHINE}/runliveresponse`, ["Machine.LiveResponse"], run],
    ["GET", `${action}/GetLiveResponseResultDownloadLink(index=0)`, ["Machine.LiveResponse"], undefined],
    ["POST", `${action}/cancel`, cancelling, { Comment: "x" }],
    ["GET", "/api/machineactions", reading, undefined],
    ["GET", action, reading, undefined],
    ["GET", "/api/machines", reading, undefined],
    ["GET", `/api/machines/${UNKNOWN_MACHINE}`, reading, undefined],
    ["GET", "/api/machines/findbytag?tag=x", reading, undefined],
    ["GET", `/api/machines/findbyip(ip='192.0.2.1',timestamp=${new Date().toISOString()})`, reading, undefined],
    ["GET", "/api/libraryfiles", ["Library.Manage"], undefined],
    ["DELETE", "/api/libraryfiles/none", ["Library.Manage"], undefined],
    ["POST", "/api/libraryfiles", ["Library.Manage"], {}],
  ] as const) {
    const needed = permissions.join(" or ");
    const name = path
      .replace(UNKNOWN_ACTION, "{id}")
      .replace(UNKNOWN_MACHINE, "{id}")
      .replace(/[?(].*$/, "");
    test(`a user needs ${needed} for ${method} ${name}, and nothing else does`, async () => {
      for (const permission of Object.keys(DELEGATED_PERMISSIONS)) {
        const token = issuer.token([permission]);
        const answer: Answer = await here().api.send(method, path, { token, ...(json !== undefined && { json }) });
        const isEnough = permissions.some((one) => one === permission);
        if (isEnough) assert.ok(![401, 403].includes(answer.status), `${permission}: ${answer.status} ${answer.text}`);
        else assertError(answer, 403, "Forbidden");
      }
    });
  }

  test("application permissions in a user's token give nothing", async () => {
    const token = issuer.token([], { roles: ["Machine.Read.All", "Machine.ReadWrite.All", "Halligan.Admin"] });
    assertError(await here().api.get("/api/machines", { token }), 403, "Forbidden");
    assertError(await here().api.get("/api/machines", { token: issuer.token(["Machine.Read.All"]) }), 403, "Forbidden");
  });

  test("requestor and cancellationRequestor are the user's principal name", async () => {
    const { api, machineId } = here();
    const token = issuer.token(["Machine.LiveResponse", "Machine.Read"]);
    const path = `/api/machines/${machineId}/runliveresponse`;
    const started = await api.post(path, { Commands: [getFile("/no/such")], Comment: "x" }, { token });
    assert.equal(started.status, 201, started.text);
    assert.equal(textAt(started.body, "requestor"), "analyst@example.org");
    await api.waitForEnd(textAt(started.body, "id"));
    const absentId = await absentMachine(here());
    const waiting = await api.start(absentId, [getFile("/x")]);
    const cancelled = await api.post(`/api/machineactions/${waiting}/cancel`, { Comment: "x" }, { token });
    assert.equal(textAt(cancelled.body, "cancellationRequestor"), "analyst@example.org");
  });

  test("the audit of a user's start names the person and the application that it came through", async () => {
    const { api, machineId } = here();
    const token = issuer.token(["Machine.LiveResponse", "Machine.Read"], { azp: "soar-portal" });
    const body = { Commands: [getFile("/no/such")], Comment: "x" };
    const started = await api.post(`/api/machines/${machineId}/runliveresponse`, body, { token });
    assert.equal(started.status, 201, started.text);
    const id = textAt(started.body, "id");
    const answer = await api.get(`/halligan/v1/audit?actionId=${id}&operation=RunLiveResponse`);
    const [record] = listAt(answer.body, "value");
    assert.equal(textAt(record, "actorKind"), "user");
    assert.equal(textAt(record, "actor"), "analyst@example.org");
    assert.match(textAt(record, "actorId"), /#user-1$/);
    assert.match(textAt(record, "application"), /#soar-portal$/);
    assert.equal(textAt(record, "address"), "127.0.0.1");
    await api.waitForEnd(id);
  });

  test("a user's token of another audience, of an unknown issuer, unsigned or expired is 401", async () => {
    const good = issuer.token(["Machine.Read"]);
    assert.equal((await here().api.get("/api/machines", { token: good })).status, 200);
    for (const token of [
      issuer.token(["Machine.Read"], { aud: "https://graph.microsoft.com" }),
      issuer.token(["Machine.Read"], { iss: "http://127.0.0.1:1" }),
      issuer.token(["Machine.Read"], { exp: Math.floor(Date.now() / 1_000) - 600 }),
      issuer.token(["Machine.Read"], { nbf: Math.floor(Date.now() / 1_000) + 600 }),
      `${good.slice(0, -8)}AAAAAAAA`,
    ]) {
      assertError(await here().api.get("/api/machines", { token }), 401, "Unauthorized");
    }
  });

  test("machines outside a user's device groups, and their actions and results, are not there for them", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const id = await api.start(machineId, [getFile("/x")]);
    const group = { name: "theirs", remediationLevel: "full", userGroups: ["responders"] };
    const made = await api.post("/halligan/v1/device-groups", group);
    assert.equal(made.status, 201, made.text);
    const groupId = numberAt(made.body, "id");
    await api.send("PUT", `/halligan/v1/machines/${machineId}/device-group`, { json: { groupId } });
    const scopes = ["Machine.LiveResponse", "Machine.Read"];
    const [outsider, member] = [issuer.token(scopes), issuer.token(scopes, { groups: ["responders"] })];
    const idsSeen = async (path: string, token: string) =>
      listAt((await api.get(path, { token })).body, "value").map((one) => textAt(one, "id"));

    assertError(await api.get(`/api/machines/${machineId}`, { token: outsider }), 404, "ResourceNotFound");
    assertError(await api.get(`/api/machineactions/${id}`, { token: outsider }), 404, "ResourceNotFound");
    const link = `/api/machineactions/${id}/GetLiveResponseResultDownloadLink(index=0)`;
    assertError(await api.get(link, { token: outsider }), 404, "ResourceNotFound");
    const runPath = `/api/machines/${machineId}/runliveresponse`;
    assertError(await api.post(runPath, run, { token: outsider }), 404, "ResourceNotFound");
    const cancelPath = `/api/machineactions/${id}/cancel`;
    assertError(await api.post(cancelPath, { Comment: "x" }, { token: outsider }), 404, "ResourceNotFound");
    assert.ok(!(await idsSeen("/api/machines", outsider)).includes(machineId));
    assert.ok(!(await idsSeen("/api/machineactions", outsider)).includes(id));

    assert.equal((await api.get(`/api/machines/${machineId}`, { token: member })).status, 200);
    assert.ok((await idsSeen("/api/machines", member)).includes(machineId));
    assert.ok((await idsSeen("/api/machineactions", member)).includes(id));
    assert.equal((await api.post(cancelPath, { Comment: "x" }, { token: member })).status, 200);
  });

  test("an application's token is not cut by device groups", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const made = await api.post("/halligan/v1/device-groups", {
      name: "closed",
      remediationLevel: "full",
      users: ["nobody"],
    });
    const groupId = numberAt(made.body, "id");
    await api.send("PUT", `/halligan/v1/machines/${machineId}/device-group`, { json: { groupId } });
    assert.equal((await api.get(`/api/machines/${machineId}`)).status, 200);
    assert.equal((await api.run(machineId, [getFile("/x")])).status, 201);
  });
});
