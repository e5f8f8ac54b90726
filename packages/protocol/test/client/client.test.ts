import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ApiError,
  createClient,
  TokenError,
  UnexpectedResponseError,
  UnreachableError,
  type WaitNotice,
} from "@halligan/protocol/client";
import { APPLICATIONS, apiCalls, clientOf, fakeClock, tokenCalls, withTokens } from "./client-of.ts";
import { errorAnswer, startFakeServer, tokenAnswer } from "./fake-server.ts";

describe("tokens", () => {
  it("one token serves many calls, also those made at the same time", async () => {
    await using server = await startFakeServer(withTokens(() => ({ json: APPLICATIONS })));
    const client = clientOf(server);
    await Promise.all([client.listApplications(), client.listApplications(), client.listApplications()]);
    await client.listApplications();
    assert.equal(tokenCalls(server).length, 1);
    const form = new URLSearchParams(tokenCalls(server)[0]?.body);
    assert.equal(form.get("grant_type"), "client_credentials");
    assert.equal(form.get("client_id"), "app");
    assert.equal(form.get("scope"), "https://api.securitycenter.microsoft.com/.default");
    assert.equal(
      apiCalls(server).every(({ authorization }) => authorization === "Bearer token-1"),
      true,
    );
  });

  it("a token is renewed shortly before its end, not after it", async () => {
    await using server = await startFakeServer(withTokens(() => ({ json: APPLICATIONS })));
    const clock = fakeClock();
    const client = clientOf(server, { clock });
    await client.listApplications();
    clock.advance(3_500_000);
    await client.listApplications();
    assert.equal(tokenCalls(server).length, 1);
    clock.advance(60_000);
    await client.listApplications();
    assert.equal(tokenCalls(server).length, 2);
  });

  it("a 401 of the API renews the token once and repeats the call once", async () => {
    await using server = await startFakeServer(
      withTokens(({ authorization }) =>
        authorization === "Bearer token-1" ? errorAnswer(401, "Unauthorized") : { json: APPLICATIONS },
      ),
    );
    const client = clientOf(server);
    assert.equal((await client.listApplications()).length, 1);
    assert.deepEqual(
      apiCalls(server).map(({ authorization }) => authorization),
      ["Bearer token-1", "Bearer token-2"],
    );
  });

  it("a 401 that stays is the caller's, after one renewal", async () => {
    await using server = await startFakeServer(withTokens(() => errorAnswer(401, "Unauthorized")));
    await assert.rejects(clientOf(server).listApplications(), { name: "ApiError", status: 401, code: "Unauthorized" });
    assert.equal(apiCalls(server).length, 2);
    assert.equal(tokenCalls(server).length, 2);
  });

  it("a refused secret is a TokenError with OAuth's words and without the secret", async () => {
    await using server = await startFakeServer(() => ({
      status: 401,
      json: { error: "invalid_client", error_description: "no such application" },
    }));
    await assert.rejects(clientOf(server).verifyCredentials(), (error) => {
      assert.ok(error instanceof TokenError);
      assert.equal(error.code, "invalid_client");
      assert.equal(error.message.includes("s&cret"), false);
      return true;
    });
  });

  it("the secret does not follow a redirect", async () => {
    await using other = await startFakeServer(() => tokenAnswer("stolen"));
    await using server = await startFakeServer(() => ({ status: 307, headers: { location: `${other.url}/token` } }));
    await assert.rejects(clientOf(server).verifyCredentials(), UnexpectedResponseError);
    assert.equal(other.seen.length, 0);
  });

  it("a caller that gives up does not take the token from the others", async () => {
    await using server = await startFakeServer(withTokens(() => ({ json: APPLICATIONS })));
    const client = clientOf(server);
    const impatient = new AbortController();
    const first = client.listApplications({ signal: impatient.signal });
    const second = client.listApplications();
    impatient.abort(new Error("enough"));
    await assert.rejects(first, { message: "enough" });
    assert.equal((await second).length, 1);
  });
});

describe("throttling and lost connections", () => {
  it("waits as many seconds as Retry-After says and tells about it", async () => {
    await using server = await startFakeServer(
      withTokens((_, index) =>
        index === 0 ? errorAnswer(429, "TooManyRequests", { "retry-after": "7" }) : { json: APPLICATIONS },
      ),
    );
    const clock = fakeClock();
    const notices: WaitNotice[] = [];
    await clientOf(server, { clock, onWait: (notice) => notices.push(notice) }).listApplications();
    assert.deepEqual(clock.slept, [7_000]);
    assert.deepEqual(notices, [{ reason: "throttled", waitMs: 7_000, message: "it is TooManyRequests" }]);
  });

  it("waits until the date that Retry-After says", async () => {
    await using server = await startFakeServer(
      withTokens((_, index) =>
        index === 0
          ? errorAnswer(503, "ServiceUnavailable", { "retry-after": "Sat, 21 Nov 2026 12:00:09 GMT" })
          : { json: APPLICATIONS },
      ),
    );
    const clock = fakeClock();
    await clientOf(server, { clock }).listApplications();
    assert.deepEqual(clock.slept, [9_000]);
  });

  it("repeats a throttled POST too, since it was not accepted", async () => {
    await using server = await startFakeServer(
      withTokens((_, index) =>
        index === 0
          ? errorAnswer(429, "TooManyRequests")
          : { status: 201, json: { id: "t", token: "x", uses: 1, expiresAt: "2026-11-22T00:00:00Z" } },
      ),
    );
    assert.equal((await clientOf(server).createEnrollmentToken({ uses: 1 })).token, "x");
    assert.deepEqual(
      apiCalls(server).map(({ body }) => body),
      ['{"uses":1}', '{"uses":1}'],
    );
  });

  it("gives the API's error when the waits would pass their bound", async () => {
    await using server = await startFakeServer(
      withTokens(() => errorAnswer(429, "TooManyRequests", { "retry-after": "40" })),
    );
    const clock = fakeClock();
    await assert.rejects(clientOf(server, { clock, maxRetryWaitMs: 100_000 }).listApplications(), {
      name: "ApiError",
      status: 429,
      code: "TooManyRequests",
    });
    assert.deepEqual(clock.slept, [40_000, 40_000]);
  });

  it("a wait ends when its signal does", async () => {
    await using server = await startFakeServer(
      withTokens(() => errorAnswer(429, "TooManyRequests", { "retry-after": "3600" })),
    );
    const controller = new AbortController();
    const credentials = { tokenUrl: `${server.url}/token`, clientId: "a", clientSecret: "b" };
    const client = createClient({
      baseUrl: server.url,
      credentials,
      maxRetryWaitMs: 7_200_000,
      onWait: () => setImmediate(() => controller.abort(new Error("stop"))),
    });
    await assert.rejects(client.listApplications({ signal: controller.signal }), { message: "stop" });
  });

  it("repeats a GET whose connection was lost, and never a POST", async () => {
    await using server = await startFakeServer(
      withTokens((request, index) => (request.method === "POST" || index === 0 ? "hang up" : { json: APPLICATIONS })),
    );
    const client = clientOf(server);
    assert.equal((await client.listApplications()).length, 1);
    await assert.rejects(client.createEnrollmentToken({}), (error) => {
      assert.ok(error instanceof UnreachableError);
      assert.ok(error.cause instanceof Error);
      return true;
    });
    assert.equal(apiCalls(server).filter(({ method }) => method === "POST").length, 1);
  });
});

describe("uploads whose connection was lost", () => {
  const BYTES = "echo 1\n";
  const SHA256 = "a".repeat(64);

  it("are sent again with the same bytes where a second one changes nothing", async () => {
    const staged = { sha256: SHA256, sizeBytes: 7, expiresAt: "2026-11-22T00:00:00Z" };
    await using server = await startFakeServer(withTokens((_, index) => (index < 2 ? "hang up" : { json: staged })));
    assert.equal((await clientOf(server).stageContent(SHA256, new Blob([BYTES]))).sizeBytes, 7);
    assert.deepEqual(
      apiCalls(server)
        .map(({ body }) => body)
        .slice(-1),
      [BYTES],
    );
    assert.equal(apiCalls(server).length, 3);
  });

  it("are not sent again to the library without override, since the first one may have been stored", async () => {
    await using server = await startFakeServer(withTokens(() => "hang up"));
    const request = { fileName: "a.sh", content: () => new Blob([BYTES]) };
    await assert.rejects(clientOf(server).putLibraryFile(request), UnreachableError);
    assert.equal(apiCalls(server).length, 1);
    await assert.rejects(clientOf(server).putLibraryFile({ ...request, override: true }), UnreachableError);
    assert.equal(apiCalls(server).length, 5);
  });
});

describe("answers", () => {
  it("an error body becomes an ApiError with the code and the correlation id", async () => {
    await using server = await startFakeServer(withTokens(() => errorAnswer(404, "ResourceNotFound")));
    await assert.rejects(clientOf(server).getMachine("x"), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual(
        [error.status, error.code, error.message, error.target],
        [404, "ResourceNotFound", "it is ResourceNotFound", "11111111-2222-3333-4444-555555555555"],
      );
      return true;
    });
  });

  it("an error of a proxy in between is named by its status", async () => {
    await using server = await startFakeServer(
      withTokens(() => ({ status: 502, headers: { "content-type": "text/html" }, text: "<h1>Bad gateway</h1>" })),
    );
    await assert.rejects(clientOf(server).listApplications(), {
      name: "ApiError",
      status: 502,
      code: "HTTP_502",
      target: null,
    });
  });

  for (const [what, answer] of [
    ["JSON of another shape", { json: { value: [{ clientId: 7 }] } }],
    ["no JSON", { text: "<html>" }],
    ["an empty body", { text: "" }],
  ] as const) {
    it(`${what} is an UnexpectedResponseError, not data`, async () => {
      await using server = await startFakeServer(withTokens(() => answer));
      await assert.rejects(clientOf(server).listApplications(), UnexpectedResponseError);
    });
  }

  it("what is asked for without a token is sent without one", async () => {
    const info = { product: "Halligan", version: "0.1.0", tenant: "t", tokenUrl: "http://x/token" };
    await using server = await startFakeServer(() => ({ json: info }));
    assert.deepEqual(await clientOf(server).info(), info);
    assert.deepEqual(
      server.seen.map(({ url, authorization }) => [url, authorization]),
      [["/halligan/v1/info", undefined]],
    );
  });
});
