import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { noBody } from "../../../../src/http/edge/body/body-kinds.ts";
import { noContent } from "../../../../src/http/edge/http-response.ts";
import { buildHttpApp } from "../../../../src/http/edge/server/app.ts";
import { errorOf, PLAIN, startApp, talk } from "../fixture.ts";

test("a fault of the token is 401 with a challenge, a missing permission 403 naming what is needed", async (t) => {
  const { base } = await startApp(t);
  for (const [authorization, status, code] of [
    [undefined, 401, "Unauthorized"],
    ["Basic abc", 401, "Unauthorized"],
    ["Bearer ", 401, "Unauthorized"],
    ["Bearer a b", 401, "Unauthorized"],
    ["Bearer old", 401, "Unauthorized"],
    ["Ticket v1", 401, "Unauthorized"],
    ["Bearer poor", 403, "Forbidden"],
  ] as const) {
    const answer = await fetch(`${base}/api/machines/x`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    const error = errorOf(await answer.text());
    assert.deepEqual([answer.status, error.code], [status, code], String(authorization));
    if (status === 401) assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    else assert.match(error.message, /\(Machine\.Read\.All, Machine\.ReadWrite\.All\)$/);
  }
});

test("a refused caller's body is not looked at", async (t) => {
  const { base } = await startApp(t);
  const answer = await fetch(`${base}/api/machines/x/runliveresponse`, { method: "POST", body: "{broken" });
  assert.equal(answer.status, 401);
});

test("a client that waits for 100 Continue is refused without being asked for the body", async (t) => {
  const { open } = await startApp(t);
  const answer = await talk(
    await open(),
    "POST /api/machines/x/runliveresponse HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1.1 401 /);
  assert.doesNotMatch(answer, /100 Continue/);
});

test("two Authorization headers are refused, whichever of them is good", async (t) => {
  const { open } = await startApp(t);
  for (const [first, second] of [
    ["Bearer good", "Bearer old"],
    ["Bearer old", "Bearer good"],
    ["Bearer good", "Bearer good"],
  ]) {
    const answer = await talk(
      await open(),
      `GET /api/machines/x HTTP/1.1\r\nHost: h\r\nAuthorization: ${first}\r\nauthorization: ${second}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1.1 400 /);
    assert.match(answer, /Authorization header is given more than once/);
  }
});

test("agents are known by their ticket", async (t) => {
  const { base } = await startApp(t);
  const put = (authorization: string) =>
    fetch(`${base}/agent/v1/parts/7`, { method: "PUT", body: "abc", headers: { authorization } });
  assert.deepEqual(await (await put("Ticket v1")).json(), { received: 3, announced: 3, machineId: "m1", part: "7" });
  assert.equal((await put("Ticket v2")).status, 401);
  assert.equal((await put("Bearer good")).status, 401);
});

test("an operation that does not say who may call it cannot be registered", () => {
  for (const access of [
    { kind: "permissions", application: [], delegated: [] },
    JSON.parse("{}"),
    JSON.parse("null"),
  ]) {
    const operation = {
      name: "Open",
      method: "GET",
      path: "/open",
      access,
      ...PLAIN,
      responses: {},
      body: noBody,
      run: async () => noContent(),
    } as const;
    assert.throws(
      () =>
        buildHttpApp({
          operations: [operation],
          context: null,
          log: pino({ level: "silent" }),
          verifyToken: async () => assert.fail("not asked"),
          readTicket: () => null,
          isCurrentTicket: () => false,
          isUnavailable: (error): error is Error => error instanceof Error,
          throttle: async () => null,
          addresses: { countAnonymous: () => null, countForged: () => null },
        }),
      /Open does not say who may call it/,
    );
  }
});
