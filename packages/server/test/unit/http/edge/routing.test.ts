import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOf, GOOD, startApp, talk } from "../fixture.ts";

test("a route matches in any letter case, and its parameters keep theirs", async (t) => {
  const { base } = await startApp(t);
  for (const path of [
    "/api/machines/AbC",
    "/API/Machines/AbC",
    "/api/v1.0/machines/AbC",
    "/api/machines/AbC/",
    "//api/machines/AbC",
  ]) {
    const answer = await fetch(base + path, { headers: GOOD });
    assert.equal(answer.status, 200, path);
    assert.deepEqual(await answer.json(), { id: "AbC", rawQuery: "", top: null, by: "Playbook" });
  }
});

test("the index of a result link is read raw and percent-encoded, in any letter case", async (t) => {
  const { base } = await startApp(t);
  for (const end of [
    "GetLiveResponseResultDownloadLink(index=3)",
    "GetLiveResponseResultDownloadLink%28index%3D3%29",
    "getliveresponseresultdownloadlink%28index%3d3%29",
  ]) {
    const answer = await fetch(`${base}/api/machineactions/A-b/${end}`, { headers: GOOD });
    assert.deepEqual(await answer.json(), { actionId: "A-b", index: "3" }, end);
  }
});

test("the query reaches the handler raw and decoded, with $ and %24 alike", async (t) => {
  const { base } = await startApp(t);
  for (const query of ["$top=5", "%24top=5"]) {
    const answer = await fetch(`${base}/api/machines/x?${query}`, { headers: GOOD });
    assert.deepEqual(await answer.json(), { id: "x", rawQuery: query, top: "5", by: "Playbook" });
  }
});

test("names are percent-decoded once", async (t) => {
  const { base } = await startApp(t);
  const answer = await fetch(`${base}/api/machines/a%20b%252F`, { headers: GOOD });
  assert.equal(JSON.parse(await answer.text()).id, "a b%2F");
});

test("an unknown path, a wrong method and a bad encoding have the contract's error body", async (t) => {
  const { base } = await startApp(t);
  for (const [method, path, status, code] of [
    ["GET", "/", 404, "NotFound"],
    ["GET", "/api/nothing", 404, "NotFound"],
    ["PUT", "/api/machines/x", 404, "NotFound"],
    ["OPTIONS", "/api/machines/x", 404, "NotFound"],
    ["PROPFIND", "/api/machines/x", 404, "NotFound"],
    ["GET", "/api/machines/%zz", 400, "BadRequest"],
    ["GET", "/api/machines/%ff", 400, "BadRequest"],
    ["GET", `/api/machines/${"x".repeat(3_000)}`, 400, "BadRequest"],
  ] as const) {
    const answer = await fetch(base + path, { method, headers: GOOD });
    const error = errorOf(await answer.text());
    assert.deepEqual([answer.status, error.code], [status, code], `${method} ${path.slice(0, 40)}`);
    assert.match(error.target, /^[0-9a-f-]{36}$/);
    assert.equal(answer.headers.get("x-request-id"), error.target);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
  }
});

test("an unknown path with any content type and body answers 404", async (t) => {
  const { base } = await startApp(t);
  const answer = await fetch(`${base}/nowhere`, { method: "POST", body: "x", headers: { "content-type": "nonsense" } });
  assert.equal(answer.status, 404);
  assert.equal(errorOf(await answer.text()).code, "NotFound");
});

test("the absolute form of a target is understood, and OPTIONS * answered", async (t) => {
  const { open } = await startApp(t);
  const head = "HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer good\r\nConnection: close\r\n\r\n";
  assert.match(
    await talk(await open(), `GET http://other/api/machines/x?a=b ${head}`),
    /^HTTP\/1.1 200 .*"id":"x","rawQuery":"a=b"/s,
  );
  assert.match(await talk(await open(), `OPTIONS * ${head}`), /^HTTP\/1.1 404 .*"NotFound"/s);
});

test("every answer carries the security headers and no banner", async (t) => {
  const { base } = await startApp(t);
  for (const path of ["/api/machines/x", "/halligan/v1/results/1", "/broken"]) {
    const { headers } = await fetch(base + path, { headers: GOOD });
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("server"), null);
    assert.equal(headers.get("x-powered-by"), null);
  }
});
