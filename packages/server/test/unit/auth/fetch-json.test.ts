import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { fetchJsonWithin } from "../../../src/auth/oidc/fetch-json.ts";

async function serve(t: TestContext, listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return new URL(`http://127.0.0.1:${address.port}/doc`);
}

const never = new AbortController().signal;

test("a document is given as it is", async (t) => {
  const connections: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    connections.push(request.headers.connection);
    response.end('{"a":1}');
  });
  assert.deepEqual(await fetchJsonWithin()(url, never), { a: 1 });
  assert.deepEqual(connections, ["close"], "no connection is kept that could be dead the next time");
});

test("a redirect is not followed", async (t) => {
  const seen: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    seen.push(request.url);
    response.writeHead(302, { location: "/elsewhere" }).end("{}");
  });
  await assert.rejects(fetchJsonWithin()(url, never), /answered 302/);
  assert.deepEqual(seen, ["/doc"]);
});

test("an error and something that is not JSON are no document", async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === "/doc") response.writeHead(503).end("{}");
    else response.end("<html>");
  });
  await assert.rejects(fetchJsonWithin()(url, never), /answered 503/);
  await assert.rejects(fetchJsonWithin()(new URL("/page", url), never), /did not answer JSON/);
});

test("a document without end is given up at the limit", async (t) => {
  let isGone = false;
  const url = await serve(t, (_request, response) => {
    response.on("close", () => {
      isGone = true;
    });
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(4_096)));
    };
    response.on("drain", more);
    more();
  });
  await assert.rejects(fetchJsonWithin({ limitBytes: 10_000 })(url, never), /more than 10000 bytes/);
  await until(() => isGone, "the end of the response");
});

test("an issuer that says nothing, or stops in the middle, is given up in time", async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === "/doc") return;
    response.write('{"a":');
  });
  const hurried = fetchJsonWithin({ timeoutMs: 50 });
  await assert.rejects(hurried(url, never), { name: "TimeoutError" });
  await assert.rejects(hurried(new URL("/half", url), never), { name: "TimeoutError" });
});

test("an abort ends it at once", async (t) => {
  const stop = new AbortController();
  const url = await serve(t, () => stop.abort(new Error("stopping")));
  await assert.rejects(fetchJsonWithin()(url, stop.signal), /stopping/);
});
