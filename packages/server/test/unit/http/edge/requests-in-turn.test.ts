import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../../../protocol/test/support/until.ts";
import { MAX_WAITING_REQUESTS } from "../../../../src/http/edge/server/requests-in-turn.ts";
import { readAll, startApp, talk } from "../fixture.ts";

const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: h\r\n${headers}\r\n`;

test("pipelined requests of one connection are begun one after the other, and answered in order", async (t) => {
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const { open, app } = await startApp(t, {
    context: { content: Buffer.from("0123456789"), seen, gate: gate.promise },
  });
  const requests = [get("/slow"), get("/slow"), get("/torn", "Connection: close\r\n")];
  const socket = await open();
  const answer = talk(socket, requests.join(""));
  // The same on another connection is not held up.
  const other = talk(await open(), get("/halligan/v1/results/1", "Connection: close\r\n"));
  assert.match(await other, /^HTTP\/1.1 200 .*0123456789$/s);
  assert.deepEqual(seen, ["slow"]);
  gate.resolve();
  const text = await answer;
  assert.deepEqual(seen, ["slow", "slow"]);
  assert.deepEqual(text.match(/\{"done":true\}|short/g), ['{"done":true}', '{"done":true}', "short"]);
  assert.ok(app.server.listening);
});

test("one connection that pipelines downloads and reads none holds one of them", { timeout: 60_000 }, async (t) => {
  const seen: string[] = [];
  const { open } = await startApp(t, { context: { content: Buffer.alloc(0), seen } });
  const socket = await open();
  socket.pause();
  socket.write(get("/endless").repeat(10));
  await until(() => seen.includes("opened"), "the opened response");
  // Answered after everything that this connection could have begun.
  await talk(await open(), get("/halligan/v1/results/1", "Connection: close\r\n"));
  assert.deepEqual(seen, ["opened"]);
  socket.destroy();
  await until(() => seen.includes("closed"), "the closed response");
  assert.deepEqual(seen, ["opened", "closed"]);
});

test("a connection on which too many requests wait is closed, and none of them is begun", async (t) => {
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const { open, lines } = await startApp(t, { context: { content: Buffer.alloc(0), seen, gate: gate.promise } });
  const socket = await open();
  const answer = readAll(socket).catch(() => "");
  socket.write(get("/slow").repeat(MAX_WAITING_REQUESTS + 2));
  await answer;
  gate.resolve();
  await until(() => lines.some((line) => line.includes("TOO_MANY_PIPELINED")), "the log line of the refused pipeline");
  assert.deepEqual(seen, ["slow"]);
});

test("what stands behind the last answer of a connection is not begun", async (t) => {
  const seen: string[] = [];
  const { open } = await startApp(t, { context: { content: Buffer.alloc(0), seen } });
  await talk(await open(), get("/broken", "Connection: close\r\n") + get("/slow"));
  assert.deepEqual(seen, []);
});

test("an upgrade or tunnel behind an unfinished answer closes the connection", { timeout: 60_000 }, async (t) => {
  const upgrades = { "/agent/v1/link": () => assert.fail("not in the middle of an answer") };
  for (const behind of [
    get("/agent/v1/link", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    "CONNECT a:443 HTTP/1.1\r\nHost: h\r\n\r\n",
  ]) {
    const gate = Promise.withResolvers<void>();
    const context = { content: Buffer.alloc(0), seen: [], gate: gate.promise };
    const { open } = await startApp(t, { upgrades, context });
    const said = await talk(await open(), get("/slow") + behind).catch(() => "");
    gate.resolve();
    assert.equal(said, "");
  }
});
