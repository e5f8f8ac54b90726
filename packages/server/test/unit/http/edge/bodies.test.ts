import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { errorOf, GOOD, readAll, startApp, talk } from "../fixture.ts";

const RUN = "/api/machines/x/runliveresponse";
const VALID = { Commands: [{ type: "RunScript" }], Comment: "why" };

test("a JSON body is taken with and without a content type", async (t) => {
  const { base } = await startApp(t);
  for (const type of [
    "application/json",
    "application/json; charset=utf-8",
    "application/JSON;charset=UTF-8",
    undefined,
  ]) {
    const body = Buffer.from(JSON.stringify(VALID));
    const headers = type === undefined ? GOOD : { ...GOOD, "content-type": type };
    const answer = await fetch(base + RUN, { method: "POST", body, headers });
    assert.equal(answer.status, 201, String(type));
    assert.deepEqual(await answer.json(), { types: ["RunScript"], comment: "why" });
  }
});

test("what is wrong with a JSON body is said by code, place and mistake", async (t) => {
  const { base } = await startApp(t);
  const text = JSON.stringify(VALID);
  for (const [body, code, message] of [
    ["", "InvalidRequestBody", /empty/],
    ["  ", "InvalidRequestBody", /empty/],
    ["{", "InvalidRequestBody", /not valid JSON/],
    ["null", "InvalidRequestBody", /the body must be of type object/],
    ["{}", "MissingRequiredParameter", /: Commands$/],
    ['{"Commands":[{}],"Comment":""}', "MissingRequiredParameter", /: Commands\[0\]\.type$/],
    [
      '{"commands":[],"Comment":""}',
      "MissingRequiredParameter",
      /: Commands \(names are case-sensitive: the body has commands\)/,
    ],
    ['{"Commands":[],"Comment":""}', "InvalidRequestBody", /Commands must not have fewer than 1/],
    [
      '{"Commands":[{"type":"X"}],"Comment":""}',
      "InvalidRequestBody",
      /Commands\[0\]\.type must be one of RunScript, GetFile/,
    ],
    ['{"Commands":[{"type":"GetFile"}],"Comment":7}', "InvalidRequestBody", /Comment must be of type string/],
    ['{"Commands":[{"type":"GetFile"}],"Comment":"","x":1}', "InvalidRequestBody", /: x is not a known property/],
    [
      '{"Commands":[{"type":"GetFile","type":"RunScript"}],"Comment":""}',
      "InvalidRequestBody",
      /Commands\[0\]\.type is given more than once/,
    ],
    [`{"__proto__":{},${text.slice(1)}`, "InvalidRequestBody", /__proto__/],
    [`${"[".repeat(40)}${"]".repeat(40)}`, "InvalidRequestBody", /deeper than 32/],
    [Buffer.from([0x22, 0xff, 0x22]), "InvalidRequestBody", /UTF-8/],
  ] as const) {
    const answer = await fetch(base + RUN, {
      method: "POST",
      body,
      headers: { ...GOOD, "content-type": "application/json" },
    });
    const error = errorOf(await answer.text());
    assert.deepEqual([answer.status, error.code], [400, code], String(body));
    assert.match(error.message, message);
  }
});

test("another content type, charset or encoding is refused by name", async (t) => {
  const { base } = await startApp(t);
  for (const [headers, message] of [
    [{ "content-type": "text/plain" }, /expected Content-Type application\/json/],
    [{ "content-type": ";;;" }, /expected|empty|required/],
    [{ "content-type": "application/json; charset=utf-16" }, /charset utf-8/],
    [{ "content-type": "application/json", "content-encoding": "gzip" }, /Content-Encoding/],
  ] as const) {
    const answer = await fetch(base + RUN, { method: "POST", body: "x", headers: { ...GOOD, ...headers } });
    const error = errorOf(await answer.text());
    assert.deepEqual([answer.status, error.code], [400, "InvalidRequestBody"]);
    assert.match(error.message, headers["content-type"] === ";;;" ? /JSON/ : message);
  }
});

test("a body of 10 MB is refused with the limit in the message, and fetch receives that", async (t) => {
  const { base } = await startApp(t);
  const answer = await fetch(base + RUN, { method: "POST", body: Buffer.alloc(10_000_000, 32), headers: GOOD });
  assert.equal(answer.status, 400);
  assert.match(errorOf(await answer.text()).message, /1048576 bytes/);
});

for (const [how, header, frame] of [
  ["with a length", "Content-Length: 10000000", (body: Buffer) => [body]],
  ["chunked", "Transfer-Encoding: chunked", (body: Buffer) => ["989680\r\n", body, "\r\n0\r\n\r\n"]],
] as const) {
  test(`a client that writes 10 MB ${how} before it reads receives the refusal`, async (t) => {
    const { open } = await startApp(t);
    const socket = await open();
    socket.pause();
    socket.write(
      `POST ${RUN} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer good\r\nConnection: close\r\n${header}\r\n\r\n`,
    );
    for (const piece of frame(Buffer.alloc(10_000_000, 32))) {
      if (!socket.write(piece)) await once(socket, "drain");
    }
    const answer = await readAll(socket);
    assert.match(answer, /^HTTP\/1.1 400 /);
    assert.equal(errorOf(answer).code, "InvalidRequestBody");
  });
}

test("beyond what is drained the connection is closed", async (t) => {
  const { open } = await startApp(t, { limits: { drainBytes: 1_000_000 } });
  const socket = await open();
  // Not events.once: the reset that a writer may meet would reject it.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume();
  socket.write(`POST ${RUN} HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n`);
  const feed = setInterval(() => socket.writable && socket.write(Buffer.alloc(100_000)), 1);
  t.after(() => clearInterval(feed));
  await closed;
});

test("a body that drips in is ended with 408", async (t) => {
  const { open } = await startApp(t, { limits: { bodyTimeoutMs: 50 } });
  const head = `POST ${RUN} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer good\r\nContent-Length: 100\r\n\r\n{`;
  const answer = await talk(await open(), head);
  assert.match(answer, /^HTTP\/1.1 408 /);
  assert.equal(errorOf(answer).code, "BadRequest");
});

test("GET and DELETE with a JSON content type and a body of {} or none work, and the connection stays open", async (t) => {
  const { open } = await startApp(t);
  const head = (method: string, length: string) =>
    `${method} /api/machines/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer good\r\nContent-Type: application/json\r\n${length}`;
  const answer = await talk(
    await open(),
    `${head("GET", "Content-Length: 2\r\n\r\n{}")}${head("DELETE", "Content-Length: 2\r\n\r\n{}")}${head("GET", "Content-Length: 0\r\n\r\n")}${head("DELETE", "\r\n")}${head("GET", "Connection: close\r\n\r\n")}`,
  );
  assert.deepEqual(answer.match(/HTTP\/1.1 \d+/g), [
    "HTTP/1.1 200",
    "HTTP/1.1 204",
    "HTTP/1.1 200",
    "HTTP/1.1 204",
    "HTTP/1.1 200",
  ]);
});

test("Expect: 100-continue is answered before the body is read", async (t) => {
  const { open } = await startApp(t);
  const socket = await open();
  const text = JSON.stringify(VALID);
  socket.write(
    `POST ${RUN} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer good\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n`,
  );
  const [first] = await once(socket, "data");
  assert.match(String(first), /^HTTP\/1.1 100 Continue/);
  assert.match(await talk(socket, text), /^HTTP\/1.1 201 /);
});

test("a token request is read as a form whatever its content type, and with none", async (t) => {
  const { base } = await startApp(t);
  for (const type of ["application/x-www-form-urlencoded", "text/plain", "application/json", ";;;", undefined]) {
    const headers = type === undefined ? {} : { "content-type": type };
    const body = Buffer.from("grant_type=client_credentials&client_secret=a%2Bb+c");
    const answer = await fetch(`${base}/t/oauth2/token`, { method: "POST", body, headers });
    assert.deepEqual(await answer.json(), { grant_type: "client_credentials", client_secret: "a+b c" }, String(type));
  }
});

test("refusals at a token endpoint have OAuth's form", async (t) => {
  const { base } = await startApp(t);
  const answer = await fetch(`${base}/t/oauth2/token`, { method: "POST", body: Buffer.alloc(100_000, 97) });
  assert.equal(answer.status, 400);
  const body: unknown = await answer.json();
  assert.deepEqual(body, {
    error: "invalid_request",
    error_description: "Request body is larger than the limit of 24576 bytes",
  });
});

test("multipart parts arrive in order with lower-case names, files streamed", async (t) => {
  const { base } = await startApp(t);
  const body = new FormData();
  body.append("File", new Blob([Buffer.alloc(500_000)]), "a.ps1");
  body.append("OverrideIfExists", "true");
  const answer = await fetch(`${base}/api/libraryfiles`, { method: "POST", body, headers: GOOD });
  assert.deepEqual(await answer.json(), { file: { fileName: "a.ps1", sizeBytes: 500_000 }, overrideifexists: "true" });
});

test("a multipart body that is too large, has too many parts or is none is refused in the contract's form", async (t) => {
  const { base } = await startApp(t);
  const large = new FormData();
  large.append("file", new Blob([Buffer.alloc(2_000_000)]), "a");
  const many = new FormData();
  for (let i = 0; i < 100; i += 1) many.append(`n${i}`, "x");
  for (const [body, headers, message] of [
    [large, {}, /larger than the limit of 1000000/],
    [many, {}, /more than 32 parts/],
    ["{}", { "content-type": "application/json" }, /expected Content-Type multipart/],
    ["x", { "content-type": ";;;" }, /expected Content-Type multipart/],
    ["x", { "content-type": "multipart/form-data" }, /multipart/],
    ["--b\r\nnonsense", { "content-type": "multipart/form-data; boundary=b" }, /empty line/],
  ] as const) {
    const answer = await fetch(`${base}/api/libraryfiles`, { method: "POST", body, headers: { ...GOOD, ...headers } });
    const error = errorOf(await answer.text());
    assert.deepEqual([answer.status, error.code], [400, "InvalidRequestBody"], error.message);
    assert.match(error.message, message);
  }
});

test("a handler that leaves a stream early still answers, and the connection stays open", async (t) => {
  const { open } = await startApp(t);
  const head = "PUT /agent/v1/parts/1 HTTP/1.1\r\nHost: h\r\nAuthorization: Ticket v1\r\nX-Stop-Early: 1\r\n";
  const body = "y".repeat(300_000);
  const answer = await talk(
    await open(),
    `${head}Content-Length: ${body.length}\r\n\r\n${body}${head}Connection: close\r\nContent-Length: 1\r\n\r\nz`,
  );
  assert.deepEqual(answer.match(/HTTP\/1.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200"]);
});

test("a handler that refuses a multipart body before reading its file answers without waiting", async (t) => {
  const { base } = await startApp(t);
  const body = new FormData();
  body.append("file", new Blob([Buffer.alloc(900_000)]), "a.ps1");
  const headers = { ...GOOD, "x-stop-early": "1" };
  const answer = await fetch(`${base}/api/libraryfiles`, {
    method: "POST",
    body,
    headers,
    signal: AbortSignal.timeout(10_000),
  });
  assert.equal(answer.status, 400);
  assert.equal(errorOf(await answer.text()).code, "InvalidInput");
});

test("a JSON body in chunks of one byte is refused before its pieces take memory", async (t) => {
  const { open } = await startApp(t);
  const head = `POST ${RUN} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nConnection: close\r\n`;
  const chunks = (count: number) => `${head}Transfer-Encoding: chunked\r\n\r\n${"1\r\n \r\n".repeat(count)}0\r\n\r\n`;
  assert.match(await talk(await open(), chunks(500)), /it is empty/);
  assert.match(await talk(await open(), chunks(20_000)), /its chunks are too small/);
});
