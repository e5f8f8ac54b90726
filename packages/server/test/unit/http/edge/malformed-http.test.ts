import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../../../protocol/test/support/until.ts";
import { errorOf, startApp, talk } from "../fixture.ts";

const GET = "GET /api/machines/x HTTP/1.1\r\n";

for (const [what, text, status, code] of [
  ["no HTTP at all", "hello\r\n\r\n", 400, "BadRequest"],
  ["an unknown method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "BadRequest"],
  ["a broken header", `${GET}Host: h\r\nno colon\r\n\r\n`, 400, "BadRequest"],
  [
    "a header line that is folded into smuggling",
    `${GET}Host: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    400,
    "BadRequest",
  ],
  ["two lengths", `${GET}Host: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400, "BadRequest"],
  ["headers that are too long", `${GET}Host: h\r\nX: ${"x".repeat(100_000)}\r\n\r\n`, 431, "BadRequest"],
  ["no Host", `${GET}Connection: close\r\n\r\n`, 400, "BadRequest"],
  ["two Hosts", `${GET}Host: a\r\nHost: b\r\nConnection: close\r\n\r\n`, 400, "BadRequest"],
  ["a Host with markup", `${GET}Host: <a>\r\nConnection: close\r\n\r\n`, 400, "BadRequest"],
  ["an unknown expectation", `${GET}Host: h\r\nExpect: wonders\r\n\r\n`, 417, "BadRequest"],
  ["a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: h\r\n\r\n", 404, "NotFound"],
  [
    "an upgrade on a wrong path",
    "GET /nowhere HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n",
    404,
    "NotFound",
  ],
  [
    "a chunk with a broken length",
    "POST /t/oauth2/token HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    400,
    "BadRequest",
  ],
] as const) {
  test(`${what} is answered ${status} with the contract's error body`, async (t) => {
    const { open } = await startApp(t, { upgrades: { "/agent/v1/link": () => assert.fail("not for this") } });
    const answer = await talk(await open(), text);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
    assert.equal(errorOf(answer).code, code);
    assert.match(errorOf(answer).target, /^[0-9a-f-]{36}$/);
  });
}

test("headers that drip in are ended with 408", async (t) => {
  const { open } = await startApp(t, { limits: { headersTimeoutMs: 100 } });
  const answer = await talk(await open(), GET);
  assert.match(answer, /^HTTP\/1.1 408 /);
  assert.equal(errorOf(answer).code, "BadRequest");
});

test("a connection that stalls in the middle of an upload is closed", async (t) => {
  const { open } = await startApp(t, { limits: { inactivityMs: 100 } });
  const head =
    "PUT /agent/v1/parts/1 HTTP/1.1\r\nHost: h\r\nAuthorization: Ticket v1\r\nContent-Length: 100\r\n\r\nabc";
  assert.equal(await talk(await open(), head), "");
});

test("a client that closes before its body is complete leaves the server well", async (t) => {
  const { open, base, lines } = await startApp(t);
  const socket = await open();
  socket.end("PUT /agent/v1/parts/1 HTTP/1.1\r\nHost: h\r\nAuthorization: Ticket v1\r\nContent-Length: 100\r\n\r\nabc");
  socket.resume();
  await until(() => lines.some((line) => line.includes('"status":499')), "the log line of the withdrawn request");
  assert.equal((await fetch(`${base}/nowhere`)).status, 404);
  assert.ok(!lines.some((line) => line.includes('"level":50')));
});

test("an upgrade that is not served, such as Java's h2c, is an ordinary request", async (t) => {
  const { open } = await startApp(t, { upgrades: { "/agent/v1/link": () => assert.fail("not for this") } });
  const answer = await talk(
    await open(),
    `${GET}Host: h\r\nAuthorization: Bearer good\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1.1 200 /);
});

test("an upgrade on a known path goes to its handler", async (t) => {
  const { open } = await startApp(t, { upgrades: { "/agent/v1/link": (_request, socket) => socket.end("mine") } });
  const answer = await talk(
    await open(),
    "GET /Agent/v1/link?x=1 HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n",
  );
  assert.equal(answer, "mine");
});
