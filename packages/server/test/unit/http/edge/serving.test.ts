import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { until } from "../../../../../protocol/test/support/until.ts";
import { errorOf, readAll, startApp, talk } from "../fixture.ts";

test("a handler that throws answers 500 without a word of the inside, and the log has the cause", async (t) => {
  const { base, lines } = await startApp(t);
  const answer = await fetch(`${base}/broken`);
  const text = await answer.text();
  assert.deepEqual([answer.status, errorOf(text).code], [500, "InternalServerError"]);
  assert.ok(!text.includes("secret"));
  const id = errorOf(text).target;
  assert.ok(lines.some((line) => line.includes("secret of the inside") && line.includes(id)));
});

test("the log has one line a request, without query, token or body", async (t) => {
  const { base, lines } = await startApp(t);
  await (
    await fetch(`${base}/halligan/v1/results/1?se=1&sig=SIGNATURE`, { headers: { authorization: "Bearer TOKEN" } })
  ).text();
  await (await fetch(`${base}/t/oauth2/token`, { method: "POST", body: "client_secret=SECRET" })).text();
  const requests = lines.filter((line) => line.includes('"msg":"request"'));
  assert.equal(requests.length, 2);
  assert.match(
    requests[0] ?? "",
    /"operation":"Download","method":"GET","path":"\/halligan\/v1\/results\/1","status":200/,
  );
  assert.doesNotMatch(lines.join(""), /SIGNATURE|TOKEN|SECRET/);
});

test("a blob is sent whole, by range, or not at all, and HEAD says the same without it", async (t) => {
  const { base } = await startApp(t);
  for (const [range, status, text, contentRange] of [
    [undefined, 200, "0123456789", null],
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=0-1,3-4", 200, "0123456789", null],
  ] as const) {
    const headers = range === undefined ? {} : { range };
    const answer = await fetch(`${base}/halligan/v1/results/1`, { headers });
    const head = await fetch(`${base}/halligan/v1/results/1`, { method: "HEAD", headers });
    assert.equal(answer.status, status);
    assert.equal(await answer.text(), text);
    assert.equal(answer.headers.get("content-length"), String(text.length));
    assert.equal(answer.headers.get("content-range"), contentRange);
    assert.equal(answer.headers.get("content-encoding"), null);
    assert.deepEqual(
      [head.status, head.headers.get("content-length"), await head.text()],
      [status, String(text.length), ""],
    );
  }
  const outside = await fetch(`${base}/halligan/v1/results/1`, { headers: { range: "bytes=10-" } });
  assert.equal(outside.status, 416);
  assert.equal(outside.headers.get("content-range"), "bytes */10");
  assert.equal(errorOf(await outside.text()).code, "BadRequest");
});

test("content that ends early breaks the connection instead of passing for whole", async (t) => {
  const { base } = await startApp(t);
  await assert.rejects(async () => await (await fetch(`${base}/torn`)).text());
});

test("a client that goes away in the middle of a download leaves no open content", { timeout: 60_000 }, async (t) => {
  const world = { seen: [] as string[] };
  const { open, lines } = await startApp(t, {}, world);
  const socket = await open();
  socket.write("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n");
  await until(() => world.seen.includes("opened"), "the opened response");
  socket.destroy();
  await until(() => world.seen.includes("closed"), "the closed response");
  await until(
    () => lines.some((line) => line.includes('"path":"/endless","status":499')),
    "the log line of the endless response",
  );
});

test("closing lets a request in flight finish, closes idle connections, and takes no new ones", async (t) => {
  const { promise: gate, resolve: release } = Promise.withResolvers<void>();
  const world = { gate, seen: [] as string[] };
  const { app, open, lines } = await startApp(t, {}, world);
  const idle = await open();
  idle.write("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
  await once(idle, "data");
  const busy = await open();
  const answer = readAll(busy);
  busy.write("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  await until(() => world.seen.length > 0, "the slow request");
  const idleClosed = once(idle, "close");
  idle.resume();
  const closed = app.close();
  await idleClosed;
  release();
  assert.match(await answer, /^HTTP\/1.1 200 .*connection: close.*"done":true/is);
  await closed;
  await assert.rejects(open());
  assert.ok(lines.length > 0);
});

test("closing waits a limited time for a request that does not finish", async (t) => {
  const { app, open } = await startApp(t, { limits: { closeGraceMs: 50 } }, { gate: new Promise(() => undefined) });
  const socket = await open();
  const answer = talk(socket, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  await new Promise((resolve) => setImmediate(resolve));
  await app.close();
  assert.equal(await answer, "");
});
