import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { until } from "../../../../protocol/test/support/until.ts";
import { absentMachine } from "../support/absent-machines.ts";
import { FINAL, fetchLink, post, send } from "../support/api.ts";
import { getFile, runScript, UNKNOWN_ACTION, UNKNOWN_MACHINE } from "../support/commands.ts";
import { at, listAt, numberAt, textAt } from "../support/json.ts";
import { rawSend } from "../support/raw-http.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * Whole conversations as real clients have them, written from the facts of
 * `docs/contract/clients-in-the-wild.md`.
 */
test("Splunk-like: v1 token, run, read the commands while they run, link, download, gunzip under the name at the END of the header", async () => {
  const { target, machineId, library } = here();
  const name = await library.script("splunk", "sleep 0.2; printf 'from the device' > splunk.txt");
  const signedIn = await post(target.tokenUrlV1, {
    body: new URLSearchParams({
      resource: "https://api.securitycenter.windows.com",
      client_id: target.clientId,
      client_secret: target.clientSecret,
      grant_type: "client_credentials",
    }),
  });
  const headers = {
    authorization: `Bearer ${textAt(signedIn.body, "access_token")}`,
    "content-type": "application/json",
    accept: "application/json",
  };
  const api = `${target.baseUrl}/api`;
  const started = await send("POST", `${api}/machines/${machineId}/runliveresponse`, {
    headers,
    json: { Commands: [runScript(name), getFile("splunk.txt")], Comment: "from a playbook" },
  });
  assert.ok([200, 201].includes(started.status), started.text);
  const id = textAt(started.body, "id");
  const action = await until(async () => {
    const { body } = await send("GET", `${api}/machineactions/${id}`, { headers });
    // It reads these at every poll and fails without them.
    for (const command of listAt(body, "commands")) {
      assert.ok(Number.isInteger(numberAt(command, "index")));
      assert.ok(textAt(command, "command", "type"));
    }
    return !["Pending", "InProgress"].includes(textAt(body, "status")) && body;
  }, "the end of the action");
  assert.equal(textAt(action, "status"), "Succeeded");
  const errors = listAt(action, "commands").map((command) => listAt(command, "errors").join(", "));
  assert.deepEqual(errors, ["", ""]);
  const collected = listAt(action, "commands").find((command) => at(command, "command", "type") === "GetFile");
  const link = await send(
    "GET",
    `${api}/machineactions/${id}/GetLiveResponseResultDownloadLink(index=${numberAt(collected, "index")})`,
    { headers },
  );
  // It collapses // in the path and drops a / at the end.
  const url = new URL(textAt(link.body, "value"));
  url.pathname = url.pathname.replace(/\/+/g, "/").replace(/\/$/, "");
  const file = await send("GET", url.href, { headers: { "content-type": "application/json" } });
  assert.equal(file.status, 200);
  const disposition = file.headers.get("content-disposition") ?? "";
  const fileName = decodeURIComponent(
    disposition
      .slice(disposition.indexOf("filename=") + "filename=".length)
      .replaceAll('"', "")
      .replace(/\.gz$/, ""),
  );
  assert.equal(fileName, "splunk.txt");
  assert.equal(gunzipSync(file.bytes).toString(), "from the device");
});

test("Elastic-like: connection tests with unknown ids, {} in the body of every GET, AND, $count, Args always there", async () => {
  const { target, api, machineId, library } = here();
  const headers = [`Authorization: Bearer ${api.token}`, "Content-Type: application/json", "Accept: application/json"];
  const ask = (path: string) => rawSend(target.baseUrl, { target: path, headers, body: "{}" });
  const tell = (path: string, body: unknown) =>
    rawSend(target.baseUrl, { method: "POST", target: path, headers, body: JSON.stringify(body) });
  const made = "elastic-connector-test";
  for (const answer of [
    await ask(`/api/machines/${made}`),
    await tell(`/api/machines/${made}/isolate`, { Comment: "connector test", IsolationType: "Full" }),
    await tell(`/api/machines/${made}/unisolate`, { Comment: "connector test" }),
    await tell(`/api/machines/${made}/runliveresponse`, {
      Commands: [runScript("connector-test.ps1", "--noargs")],
      Comment: "connector test",
    }),
  ]) {
    assert.equal(textAt(answer.body, "error", "code"), "ResourceNotFound");
  }
  const name = await library.script("elastic", "echo elastic");
  const started = await tell(`/api/machines/${machineId}/runLiveResponse`, {
    Comment: "response action",
    Commands: [runScript(name, "--noargs")],
  });
  const id = textAt(started.body, "id");
  const byId = `/api/machineactions?$filter=id+in+('${id}')&$count=true&$top=1000`;
  await until(async () => {
    const found = await ask(byId);
    assert.equal(found.status, 200, found.text);
    assert.equal(numberAt(found.body, "@odata.count"), 1);
    return FINAL.has(at(found.body, "value", 0, "status"));
  }, "the end of the action");
  const filter = `machineId+eq+'${machineId}'+AND+status+eq+'Succeeded'`;
  const latest = await ask(
    `/api/machineactions?$filter=${filter}&$orderby=creationDateTimeUtc+desc&$skip=0&$top=1&$count=true`,
  );
  assert.equal(textAt(latest.body, "value", 0, "id"), id);
  const machines = await ask(`/api/machines?$filter=id+eq+'${machineId}'&$count=true`);
  assert.equal(numberAt(machines.body, "@odata.count"), 1);
  const link = await ask(`/api/machineactions/${id}/GetLiveResponseResultDownloadLink(index=0)`);
  assert.ok(textAt(link.body, "@odata.context"));
  const url = new URL(textAt(link.body, "value"));
  const result = await rawSend(url.origin, { target: `${url.pathname}${url.search}`, body: "{}" });
  assert.equal(textAt(result.body, "script_output"), "elastic\n");
});

test("XSOAR-like: v1 token without any Content-Type, alerts as the test button, goes on only because the start says Pending", async () => {
  const { target, machineId, library } = here();
  const tokenUrl = new URL(target.tokenUrlV1);
  const form = `resource=${encodeURIComponent("https://api.securitycenter.windows.com")}&client_id=${target.clientId}&client_secret=${encodeURIComponent(target.clientSecret)}&grant_type=client_credentials`;
  const signedIn = await rawSend(tokenUrl.origin, { method: "POST", target: tokenUrl.pathname, body: form });
  const headers = { authorization: `Bearer ${textAt(signedIn.body, "access_token")}` };
  const alerts = await send("GET", `${target.baseUrl}/api/alerts?$top=1`, { headers });
  assert.equal(alerts.status, 200, alerts.text);
  listAt(alerts.body, "value");
  const busy = await send(
    "GET",
    `${target.baseUrl}/api/machineactions?$filter=${encodeURIComponent(`machineId eq '${machineId}' and (status eq 'Pending' or status eq 'InProgress')`)}&$orderby=creationDateTimeUtc desc&$top=1`,
    { headers },
  );
  assert.deepEqual(listAt(busy.body, "value"), []);
  const name = await library.script("xsoar", "echo xsoar");
  const started = await send("POST", `${target.baseUrl}/api/machines/${machineId}/runliveresponse`, {
    headers,
    json: { Commands: [runScript(name)], Comment: "war room" },
  });
  assert.equal(textAt(started.body, "status"), "Pending");
  const id = textAt(started.body, "id");
  // It decides by the first command alone.
  await until(async () => {
    const action = await send("GET", `${target.baseUrl}/api/machineactions/${id}`, { headers });
    const first = at(action.body, "commands", 0, "commandStatus");
    assert.notEqual(first, "Failed");
    return first === "Completed";
  }, "the end of the first command");
  const link = await send(
    "GET",
    `${target.baseUrl}/api/machineactions/${id}/GetLiveResponseResultDownloadLink(index=0)`,
    { headers },
  );
  const result = await fetchLink(textAt(link.body, "value"));
  assert.equal(textAt(result.body, "script_output"), "xsoar\n");
});

test("typed client: every answer fits its strict types, it renews once on 401, and reads error.code unguarded", async () => {
  const { target, machineId, library } = here();
  const name = await library.script("typed", "echo typed; echo trouble >&2; exit 3");
  const renew = async () => {
    const { status, body } = await post(target.tokenUrl, {
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_secret: target.clientSecret,
        client_id: target.clientId,
        scope: "https://api.securitycenter.microsoft.com/.default",
      }),
    });
    assert.equal(status, 200);
    assert.equal(textAt(body, "token_type"), "Bearer");
    assert.ok(numberAt(body, "expires_in") > 0);
    return textAt(body, "access_token");
  };
  let token = "an.old.token";
  let renewals = 0;
  const call = async (method: string, path: string, json?: unknown) => {
    return until(async () => {
      const answer = await send(method, `${target.baseUrl}${path}`, {
        headers: { authorization: `Bearer ${token}` },
        ...(json !== undefined && { json }),
      });
      if (answer.status !== 401) return answer;
      assert.equal(textAt(answer.body, "error", "code"), "Unauthorized");
      renewals += 1;
      token = await renew();
      return null;
    }, "a response other than 401");
  };
  const started = await call("POST", `/api/machines/${machineId}/runliveresponse`, {
    Commands: [runScript(name)],
    Comment: "typed",
  });
  assert.equal(renewals, 1);
  const id = textAt(started.body, "id");
  await until(async () => {
    const action = (await call("GET", `/api/machineactions/${id}`)).body;
    for (const required of ["id", "status", "type", "machineId"]) textAt(action, required);
    for (const command of listAt(action, "commands")) {
      numberAt(command, "index");
      textAt(command, "commandStatus");
      for (const param of listAt(command, "command", "params")) {
        textAt(param, "key");
        textAt(param, "value");
      }
    }
    return FINAL.has(at(action, "status"));
  }, "the end of the action");
  const link = await call("GET", `/api/machineactions/${id}/GetLiveResponseResultDownloadLink(index=0)`);
  const result = await fetchLink(textAt(link.body, "value"));
  textAt(result.body, "script_name");
  numberAt(result.body, "exit_code");
  assert.equal(textAt(result.body, "script_output"), "typed\n");
  assert.equal(textAt(result.body, "script_errors"), "trouble\n");
  const missing = await call("GET", `/api/machineactions/${UNKNOWN_ACTION}`);
  assert.equal(textAt(missing.body, "error", "code"), "ResourceNotFound");
  assert.equal(renewals, 1);
});

test("a client that clears the way: lists unfinished actions, cancels them until Cancelled, then starts", async () => {
  const { api, machineId, library } = here();
  const stuck = await library.script("stuck", "sleep 120");
  const name = await library.script("cleared", "echo cleared");
  await api.start(machineId, [runScript(stuck)]);
  const filter = encodeURIComponent(`machineId eq '${machineId}' and (status eq 'Pending' or status eq 'InProgress')`);
  const open = await api.get(`/api/machineactions?$filter=${filter}`);
  assert.equal(open.status, 200, open.text);
  for (const action of listAt(open.body, "value")) {
    await until(async () => {
      const { body } = await api.cancel(textAt(action, "id"), "in the way");
      assert.equal(at(body, "error"), undefined);
      return ["Cancelled", "Failed"].includes(textAt(body, "status"));
    }, "the cancelled action");
  }
  const action = await api.runToEnd(machineId, [runScript(name)]);
  assert.equal(textAt(action, "status"), "Succeeded");
});

test("PowerShell-like: machines kept by health in code, upload, run, poll by list and value[0], transcript without its first line", async () => {
  const { api, machineId, library } = here();
  const machines = await api.get("/API/machines?$top=10000");
  const kept = listAt(machines.body, "value").filter(
    (machine) => at(machine, "healthStatus") === "Active" && at(machine, "onboardingStatus") === "Onboarded",
  );
  const machine = kept.find((one) => at(one, "id") === machineId);
  for (const key of ["computerDnsName", "osPlatform", "lastIpAddress", "lastSeen"]) {
    assert.notEqual(at(machine, key), undefined, key);
  }
  const name = await library.script("powershell", "echo header; printf 'second\\nthird\\n\\0'");
  const library_ = await api.get("/API/libraryfiles");
  assert.ok(listAt(library_.body, "value").some((file) => at(file, "fileName") === name));
  const started = await api.post(`/API/machines/${machineId}/runliveresponse`, {
    Comment: "from a console",
    Commands: [runScript(name)],
  });
  await until(async () => {
    const query = `$filter=${encodeURIComponent(`machineId eq '${machineId}'`)}&$top=1`;
    const latest = at((await api.get(`/API/machineactions?${query}`)).body, "value", 0);
    assert.equal(textAt(latest, "id"), textAt(started.body, "id"));
    return at(latest, "commands", 0, "commandStatus") === "Completed";
  }, "the end of the command");
  const transcript = await api.transcript(textAt(started.body, "id"));
  const output = textAt(transcript, "script_output").replaceAll("\0", "").split("\n").slice(1).join("\n");
  assert.equal(output, "second\nthird\n");
});

test("a client whose result never comes goes by the words of the contract and stops", {
  skip: onlyHalligan("a device that is offline"),
}, async () => {
  const { api } = here();
  const absentId = await absentMachine(here());
  const started = await api.run(absentId, [getFile("/etc/hostname")]);
  const id = textAt(started.body, "id");
  const link = await api.downloadUrl(id, 0);
  assert.equal(link.status, 400, link.text);
  assert.equal(textAt((await api.cancel(id, "own limit reached")).body, "status"), "Cancelled");
  assert.equal((await api.downloadUrl(id, 0)).status, 404);
  assert.equal((await api.downloadUrl(UNKNOWN_MACHINE, 0)).status, 404);
});
