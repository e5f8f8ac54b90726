import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, UnexpectedResponseError, UnreachableError } from "@halligan/protocol/client";
import { type Answer, type FakeServer, type SeenRequest, startFakeServer, tokenAnswer } from "./fake-server.ts";

const isTokenRequest = ({ url }: SeenRequest) => url.endsWith("/token");

const clientOf = ({ url }: FakeServer, responseTimeoutMs = 10_000) =>
  createClient({
    baseUrl: url,
    credentials: { tokenUrl: `${url}/t/oauth2/v2.0/token`, clientId: "app", clientSecret: "secret" },
    responseTimeoutMs,
  });

const afterToken = (answer: () => Answer) => (request: SeenRequest) =>
  isTokenRequest(request) ? tokenAnswer("token") : answer();

const emptyPage = (next: string): Answer => ({
  json: { "@odata.context": "#Machines", value: [], "@odata.nextLink": next },
});

test("no form of nextLink takes the token to another host", async () => {
  await using other = await startFakeServer(() => ({ json: {} }));
  const { host } = new URL(other.url);
  for (const next of [
    `x:@${host}/steal`,
    `x:.example/steal`,
    `//${host}/steal`,
    `/\\${host}/steal`,
    `${other.url}/steal`,
    `http://user:password@${host}/steal`,
    `\\\\${host}\\steal`,
    "javascript:alert(1)",
    "http://[",
  ]) {
    let pages = 0;
    await using server = await startFakeServer(
      afterToken(() => {
        pages += 1;
        return pages === 1 ? emptyPage(next) : { json: { "@odata.context": "#Machines", value: [] } };
      }),
    );
    await clientOf(server)
      .listMachines()
      .catch((error) => assert.ok(error instanceof UnexpectedResponseError, `${next}: ${error}`));
  }
  assert.deepEqual(other.seen, []);
});

test("a server whose empty pages never end is given up", async () => {
  let page = 0;
  await using server = await startFakeServer(
    afterToken(() => {
      page += 1;
      return emptyPage(`/api/machines?$skiptoken=${page}`);
    }),
  );
  await assert.rejects(clientOf(server).listMachines(), UnexpectedResponseError);
});

test("a redirect to what is no address is refused as every redirect is", async () => {
  for (const location of ["http://[", "data:text/html,x", "https://other.example/x"]) {
    await using server = await startFakeServer(afterToken(() => ({ status: 302, headers: { location } })));
    await assert.rejects(clientOf(server).listMachines(), UnexpectedResponseError);
  }
});

test("a token that no header can hold is refused", async () => {
  for (const token of ["a\r\nX: y", "tök", "", "a b", "\u{1f600}"]) {
    await using server = await startFakeServer(() => tokenAnswer(token));
    await assert.rejects(clientOf(server).verifyCredentials(), UnexpectedResponseError);
  }
});

test("an answer that begins and never ends is given up, of the API and of the token endpoint", async () => {
  const neverEnded: Answer = { isNeverEnded: true };
  await using server = await startFakeServer(afterToken(() => neverEnded));
  await assert.rejects(clientOf(server, 200).listMachines(), UnreachableError);
  await using tokens = await startFakeServer(() => neverEnded);
  await assert.rejects(clientOf(tokens, 200).verifyCredentials(), UnreachableError);
});

test("a token request ends with the last caller that waits for it, and not before", async () => {
  let isAborted = false;
  const started = Promise.withResolvers<void>();
  const client = createClient({
    baseUrl: "http://127.0.0.1:1",
    credentials: { tokenUrl: "http://127.0.0.1:1/token", clientId: "app", clientSecret: "secret" },
    fetch: (_url, { signal }) =>
      new Promise((_resolve, reject) => {
        started.resolve();
        signal?.addEventListener("abort", () => {
          isAborted = true;
          reject(signal.reason);
        });
      }),
  });
  const [first, second] = [new AbortController(), new AbortController()];
  const waits = [first, second].map(({ signal }) => assert.rejects(client.listMachines({ signal }), /given up/));
  await started.promise;
  first.abort(new Error("given up"));
  await waits[0];
  assert.equal(isAborted, false);
  second.abort(new Error("given up"));
  await waits[1];
  assert.equal(isAborted, true);
});
