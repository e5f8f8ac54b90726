import assert from "node:assert/strict";
import { test } from "node:test";
import { getFile, runScript, UNKNOWN_ACTION, UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { listAt, textAt } from "../support/json.ts";
import { RawConnection, rawBytes, rawSend } from "../support/raw-http.ts";
import { here } from "../support/shared.ts";

/**
 * Spellings of paths and requests. `docs/contract/clients-in-the-wild.md#paths`,
 * `docs/contract/http-api.md#hosts-and-paths` and `docs/contract/http-api.md#headers`.
 */
const bearer = () => `Authorization: Bearer ${here().api.token}`;

test("every route is found in any letter case", async () => {
  const { api, machineId } = here();
  for (const path of [
    "/API/machines",
    "/api/Machines",
    `/API/machines/${machineId}`,
    "/api/MachineActions",
    "/API/LIBRARYFILES",
    "/Api/LibraryFiles",
  ]) {
    assert.equal((await api.get(path)).status, 200, path);
  }
});

test("a start is taken under /API/machines and as runLiveResponse, and its link as getliveresponseresultdownloadlink", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("spelt", "echo spelt");
  const body = { Commands: [runScript(name)], Comment: "spelling" };
  const started = await api.post(`/API/machines/${machineId}/runLiveResponse`, body);
  assert.equal(started.status, 201, started.text);
  const id = textAt(started.body, "id");
  await api.waitForEnd(id);
  for (const path of [
    `/api/machineactions/${id}/getliveresponseresultdownloadlink(index=0)`,
    `/API/MACHINEACTIONS/${id}/GETLIVERESPONSERESULTDOWNLOADLINK(INDEX=0)`,
  ]) {
    assert.equal((await api.get(path)).status, 200, path);
  }
  const cancelled = await api.post(`/API/MachineActions/${id}/Cancel`, { Comment: "spelling" });
  assertError(cancelled, 400, "BadRequest");
});

test("/api/v1.0 means the same as /api", async () => {
  const { api, machineId } = here();
  assert.equal((await api.get(`/api/v1.0/machines/${machineId}`)).status, 200);
  assert.equal((await api.get("/API/V1.0/machineactions")).status, 200);
  const unknown = await api.get(`/api/v1.0/machineactions/${UNKNOWN_ACTION}`);
  assertError(unknown, 404, "ResourceNotFound");
});

test("(index=0) is understood with raw and with percent-encoded parentheses", async () => {
  const { api, library, machineId, target } = here();
  const name = await library.script("parentheses", "echo here");
  const id = await api.start(machineId, [runScript(name)]);
  await api.waitForEnd(id);
  for (const index of ["(index=0)", "%28index%3D0%29", "%28index%3d0%29", "(index%3D0)", "%28index=0%29"]) {
    const path = `/api/machineactions/${id}/GetLiveResponseResultDownloadLink${index}`;
    const answer = await rawSend(target.baseUrl, { target: path, headers: [bearer()] });
    assert.equal(answer.status, 200, path);
  }
});

test("the name in DELETE may be percent-encoded", async () => {
  const { api, library } = here();
  const name = await library.add("encoded.txt", "x");
  const encoded = [...name].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("");
  assert.equal((await api.send("DELETE", `/api/libraryfiles/${encoded}`)).status, 204);
});

test("a GET with a content type and a body of {} is answered, and so is the next one on its connection", async () => {
  const { target, machineId } = here();
  await using connection = new RawConnection(target.baseUrl);
  for (const path of [
    "/api/machines?$top=1",
    `/api/machines/${machineId}`,
    "/api/machineactions?$top=1",
    "/api/libraryfiles",
  ]) {
    const headers = [bearer(), "Content-Type: application/json", "Accept: application/json"];
    connection.write(rawBytes(connection.host, { target: path, headers, body: "{}" }));
    const answer = await connection.answer();
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  }
});

test("a download link takes a GET with a body of {} too", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("with-body", "echo {}");
  const id = await api.start(machineId, [runScript(name)]);
  await api.waitForEnd(id);
  const url = new URL(textAt((await api.downloadUrl(id, 0)).body, "value"));
  const answer = await rawSend(url.origin, {
    target: `${url.pathname}${url.search}`,
    headers: ["Content-Type: application/json"],
    body: "{}",
  });
  assert.equal(answer.status, 200);
  assert.equal(textAt(answer.body, "script_output"), "{}\n");
});

test("a client that expects 100-continue is asked for its body and then answered", async () => {
  const { target } = here();
  await using connection = new RawConnection(target.baseUrl);
  const body = JSON.stringify({ Commands: [getFile("/x")], Comment: "waits" });
  const head = rawBytes(connection.host, {
    method: "POST",
    target: `/api/machines/${UNKNOWN_MACHINE}/runliveresponse`,
    headers: [bearer(), "Content-Type: application/json", "Expect: 100-continue", `Content-Length: ${body.length}`],
  });
  connection.write(head);
  const asked = connection.answer();
  connection.write(body);
  const answer = await asked;
  assertError(answer, 404, "ResourceNotFound");
});

test("whatever host a client believes to talk to, it is served", async () => {
  const { target, machineId } = here();
  for (const host of [
    "api.securitycenter.microsoft.com",
    "api.security.microsoft.com",
    "api-eu.securitycenter.microsoft.com",
    "api-gov.securitycenter.microsoft.us",
  ]) {
    const answer = await rawSend(target.baseUrl, {
      target: `/api/machines/${machineId}`,
      headers: [`Host: ${host}`, bearer()],
    });
    assert.equal(answer.status, 200, host);
  }
});

test("an action started under one host name gives its link under another", async () => {
  const { target, library, machineId, api } = here();
  const name = await library.script("two-hosts", "echo two");
  const started = await rawSend(target.baseUrl, {
    method: "POST",
    target: `/api/machines/${machineId}/runliveresponse`,
    headers: ["Host: api.securitycenter.microsoft.com", bearer(), "Content-Type: application/json"],
    body: JSON.stringify({ Commands: [runScript(name)], Comment: "two hosts" }),
  });
  assert.equal(started.status, 201, started.text);
  const id = textAt(started.body, "id");
  await api.waitForEnd(id);
  const link = await rawSend(target.baseUrl, {
    target: `/api/machineactions/${id}/GetLiveResponseResultDownloadLink(index=0)`,
    headers: ["Host: api.security.microsoft.com", bearer()],
  });
  assert.equal(link.status, 200, link.text);
});

test("Accept: application/json, and Accept of anything, get JSON", async () => {
  const { api } = here();
  for (const accept of ["application/json", "*/*", "application/json;odata.metadata=minimal", "text/html"]) {
    const answer = await api.get("/api/machines", { headers: { accept } });
    assert.equal(answer.status, 200, accept);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json\b/);
    assert.ok(listAt(answer.body, "value").length > 0);
  }
});
