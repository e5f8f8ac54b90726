import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { type Answer, Api } from "./support/api.ts";
import { getFile } from "./support/commands.ts";
import { assertError, assertOAuthError } from "./support/golden.ts";
import { at, textAt } from "./support/json.ts";
import { ABSURD_OPTIONS, BAD_JSON } from "./support/malformed-inputs.ts";
import { BOUNDARY, fieldPart, filePart, MULTIPART, multipartText } from "./support/multipart-text.ts";
import { type RawAnswer, RawConnection, type RawRequest, rawBytes, rawSend } from "./support/raw-http.ts";
import { ROUTES, type Route, samplePath } from "./support/route-table.ts";
import { OUTSIDE, onlyHalligan, setUp } from "./support/target.ts";

/**
 * What no client should send, to every route: a 4xx with the one form of errors, never a 5xx, never
 * silence, and a server that goes on. `docs/contract/http-api.md#errors`,
 * `docs/contract/clients-in-the-wild.md#errors-and-throttling`.
 */
const faults: string[] = [];
const here = setUp({
  agents: 1,
  onLine: (program, line) => {
    if (program === "server" && /"level":(50|60)/.test(line)) faults.push(line);
  },
});

const routes = OUTSIDE === null ? ROUTES : ROUTES.filter(({ isContract }) => isContract);
const tenant = () => new URL(here().target.tokenUrl).pathname.split("/")[1] ?? "";
const pathOf = (route: Route) => samplePath(route, tenant());
const bearer = () => `Authorization: Bearer ${here().api.token}`;
const JSON_TYPE = "Content-Type: application/json";

const sendTo = (route: Route, request: Partial<RawRequest>): Promise<RawAnswer> =>
  rawSend(here().target.baseUrl, { method: route.method, target: pathOf(route), ...request });

/** The one form of errors, of its route, whatever the code. */
function assertRefusal(route: Pick<Route, "isOAuth" | "title">, answer: RawAnswer | Answer, what: string): void {
  const said = `${what}: ${answer.status} ${answer.text.slice(0, 500)}`;
  assert.ok(answer.status >= 400 && answer.status < 500, said);
  assertForm(route, answer);
}

function assertForm({ isOAuth }: Pick<Route, "isOAuth">, answer: RawAnswer | Answer): void {
  if (isOAuth) assertOAuthError(answer, answer.status, String(at(answer.body, "error")));
  else assertError(answer, answer.status, String(at(answer.body, "error", "code")));
}

/** For what a route may answer as it likes: a refusal has its form, and nothing is a 5xx. */
function assertOrderly(route: Route, answer: RawAnswer, what: string): void {
  assert.ok(answer.status >= 200 && answer.status < 500, `${what}: ${answer.status} ${answer.text.slice(0, 500)}`);
  if (answer.status >= 400 && route.method !== "HEAD") assertForm(route, answer);
}

async function assertAlive(): Promise<void> {
  const answer = await here().api.get("/api/machines?$top=1");
  assert.equal(answer.status, 200, answer.text);
}

const MIB = 1024 * 1024;
for (const route of routes.filter(({ body }) => body === "json")) {
  test(`broken bodies are refused by ${route.title}`, async () => {
    for (const [what, body] of BAD_JSON) {
      assertRefusal(route, await sendTo(route, { headers: [bearer(), JSON_TYPE], body }), what);
    }
    await assertAlive();
  });

  test(`other content types and encodings are refused by ${route.title}`, async () => {
    for (const header of [
      "Content-Type: text/plain",
      "Content-Type: application/x-www-form-urlencoded",
      "Content-Type: application/xml",
      `Content-Type: ${MULTIPART}`,
      "Content-Type: application/json; charset=utf-16",
      "Content-Type: nonsense",
      "Content-Type: /",
      "Content-Type: \xff\xff",
      "Content-Encoding: gzip",
      "Content-Encoding: br",
    ]) {
      const headers = [bearer(), header, ...(header.startsWith("Content-Type") ? [] : [JSON_TYPE])];
      assertRefusal(route, await sendTo(route, { headers, body: '{"NoSuchName":1}' }), header);
    }
    await assertAlive();
  });
}

const hugeText = `{"Comment":"${"x".repeat(10 * MIB)}"}`;

for (const route of routes.filter(({ body }) => body !== "stream" && body !== "none")) {
  test(`10 MB where a small body belongs are refused by ${route.title}`, async () => {
    assertRefusal(route, await sendTo(route, { headers: [bearer(), JSON_TYPE], body: hugeText }), "10 MB");
    const chunked = `${(MIB * 4).toString(16)}\r\n${"x".repeat(MIB * 4)}\r\n0\r\n\r\n`;
    const headers = [bearer(), JSON_TYPE, "Transfer-Encoding: chunked"];
    assertRefusal(route, await sendTo(route, { headers, body: chunked }), "4 MB in one chunk");
    await assertAlive();
  });
}

for (const route of routes.filter(({ body }) => body === "form")) {
  test(`forms that are none are refused in OAuth's form by ${route.title}`, async () => {
    for (const body of [
      "",
      "&&&===",
      "grant_type",
      "grant_type=client_credentials",
      "grant_type=client_credentials&grant_type=client_credentials",
      "%zz=%zz&grant_type=%",
      "grant_type=client_credentials&client_id=%00&client_secret=%00&scope=%00&resource=%00",
      "grant_type=client_credentials&client_id=%ff%fe&client_secret=x&scope=x",
      '{"grant_type":"client_credentials"}',
      "<xml/>",
      Buffer.from([0xff, 0xfe, 0x00]),
      `a=${"b".repeat(60_000)}`,
      `${"a&".repeat(20_000)}b`,
      `grant_type=${"client_credentials".repeat(1_000)}`,
      `client_id=${"x".repeat(30_000)}&client_secret=${"x".repeat(30_000)}&grant_type=client_credentials&scope=x`,
    ]) {
      for (const headers of [
        [],
        ["Content-Type: application/x-www-form-urlencoded"],
        [JSON_TYPE],
        [`Content-Type: ${MULTIPART}`],
      ]) {
        assertRefusal(route, await sendTo(route, { headers, body }), String(body).slice(0, 60));
      }
    }
    await assertAlive();
  });
}

const goodFile = filePart("file", "wire-malformed.txt", "x", "text/plain");

for (const route of routes.filter(({ body }) => body === "multipart")) {
  test(`multipart bodies that are none are refused by ${route.title}`, async () => {
    const whole = multipartText([goodFile]);
    for (const [what, contentType, body] of [
      ["no body", MULTIPART, ""],
      ["no content type", null, whole],
      ["JSON", "application/json", "{}"],
      ["another multipart", `multipart/mixed; boundary=${BOUNDARY}`, whole],
      ["no boundary", "multipart/form-data", whole],
      ["an empty boundary", "multipart/form-data; boundary=", whole],
      ["another boundary", "multipart/form-data; boundary=other", whole],
      ["not ended", MULTIPART, whole.slice(0, -BOUNDARY.length - 6)],
      ["cut in the headers of a part", MULTIPART, whole.slice(0, BOUNDARY.length + 20)],
      ["no parts", MULTIPART, `--${BOUNDARY}--\r\n`],
      [
        "a part without a name",
        MULTIPART,
        multipartText([{ headers: ["Content-Disposition: form-data"], content: "x" }]),
      ],
      ["a part without headers", MULTIPART, multipartText([{ headers: [], content: "x" }])],
      [
        "a part with a huge header",
        MULTIPART,
        multipartText([{ headers: [`X-Huge: ${"x".repeat(200_000)}`], content: "x" }]),
      ],
      ["a file without a name", MULTIPART, multipartText([filePart("file", "", "x", null)])],
      ["a file named ..", MULTIPART, multipartText([filePart("file", "..", "x", null)])],
      ["a file with a NUL in its name", MULTIPART, multipartText([filePart("file", "a\0b.txt", "x", null)])],
      [
        "a file with a very long name",
        MULTIPART,
        multipartText([filePart("file", `${"n".repeat(5_000)}.txt`, "x", null)]),
      ],
      [
        "bytes without a filename",
        MULTIPART,
        multipartText([
          {
            headers: ['Content-Disposition: form-data; name="File"', "Content-Type: application/octet-stream"],
            content: "x",
          },
        ]),
      ],
      [
        "a field twice",
        MULTIPART,
        multipartText([fieldPart("Description", "x"), fieldPart("description", "x"), goodFile]),
      ],
      ["a field that is a file", MULTIPART, multipartText([filePart("Description", "d", "x", null), goodFile])],
      [
        "base64",
        MULTIPART,
        multipartText([{ headers: [...goodFile.headers, "Content-Transfer-Encoding: base64"], content: "eA==" }]),
      ],
      ["no file", MULTIPART, multipartText([fieldPart("Description", "x")])],
      ["the file as a field", MULTIPART, multipartText([fieldPart("file", "x")])],
      ["two files", MULTIPART, multipartText([goodFile, goodFile])],
      ["a flag that is none", MULTIPART, multipartText([fieldPart("OverrideIfExists", "perhaps"), goodFile])],
      ["a field of 1 MB", MULTIPART, multipartText([fieldPart("Description", "x".repeat(MIB)), goodFile])],
      ["a thousand fields", MULTIPART, multipartText(Array.from({ length: 1_000 }, (_, i) => fieldPart(`f${i}`, "x")))],
      ["__proto__ as a field", MULTIPART, multipartText([fieldPart("__proto__", "x")])],
    ] as const) {
      const headers = [bearer(), ...(contentType === null ? [] : [`Content-Type: ${contentType}`])];
      assertRefusal(route, await sendTo(route, { headers, body }), what);
    }
    const listed = await here().api.get("/api/libraryfiles");
    assert.ok(!listed.text.includes("wire-malformed"), "nothing of it was stored");
    await assertAlive();
  });
}

for (const route of routes.filter(({ body }) => body === "none" || body === "stream")) {
  test(`an unexpected body leaves ${route.title} orderly`, async () => {
    for (const [what, body] of BAD_JSON.slice(0, 12)) {
      for (const header of [JSON_TYPE, "Content-Type: nonsense", `Content-Type: ${MULTIPART}`]) {
        assertOrderly(route, await sendTo(route, { headers: [bearer(), header], body }), what);
      }
    }
    await assertAlive();
  });
}

for (const route of routes) {
  test(`HTTP that is none is refused at ${route.title}`, async () => {
    const path = pathOf(route);
    const body = route.method === "GET" ? undefined : "{}";
    // Refused before there is a route, so in the form of the API also at the token endpoints.
    const plain = { ...route, isOAuth: false };
    for (const [what, request] of [
      ["a Content-Length that is no number", { headers: ["Content-Length: abc"], body: "" }],
      ["a negative Content-Length", { headers: ["Content-Length: -1"], body: "" }],
      ["two Content-Lengths", { headers: ["Content-Length: 2", "Content-Length: 3"], body: "{}" }],
      [
        "Content-Length together with Transfer-Encoding",
        { headers: ["Content-Length: 2", "Transfer-Encoding: chunked"], body: "0\r\n\r\n" },
      ],
      [
        "a chunk size that is no number",
        { headers: [bearer(), JSON_TYPE, "Transfer-Encoding: chunked"], body: "zz\r\n{}\r\n0\r\n\r\n" },
      ],
      ["a header line without a colon", { headers: ["nonsense"] }],
      ["a space before the colon", { headers: ["Accept : */*"] }],
      ["a NUL in a header", { headers: ["X-Nul: a\0b"] }],
      ["headers of 200 KB", { headers: [`X-Long: ${"x".repeat(200_000)}`] }],
      ["a target of 200 KB", { target: `${path}?x=${"y".repeat(200_000)}` }],
      ["a method that is none", { method: "BR[EW" }],
      ["an unknown method", { method: "BREW" }],
      ["a target with a space", { target: `${path} x` }],
    ] as const) {
      assertRefusal(plain, await sendTo(route, request), what);
    }
    for (const [what, request] of [
      ["two Host headers", { headers: ["Host: a", "Host: b", bearer()] }],
      ["a Host that is none", { headers: ["Host: a b/c", bearer()] }],
      ["an empty Host", { headers: ["Host: ", bearer()] }],
    ] as const) {
      assertRefusal(route, await sendTo(route, { ...request, ...(body !== undefined && { body }) }), what);
    }
    await using connection = new RawConnection(here().target.baseUrl);
    connection.write(`${route.method} ${path} HTTP/1.1\r\n${bearer()}\r\nContent-Length: 0\r\n\r\n`);
    assertRefusal(route, await connection.answer(), "no Host header");
    await assertAlive();
  });

  test(`paths, methods and expectations that are none are refused at ${route.title}`, async () => {
    const path = pathOf(route);
    const plain = { ...route, isOAuth: false };
    for (const [what, request] of [
      ["bad percent-encoding", { target: `${path.split("?")[0]}%zz` }],
      ["a lone percent", { target: `${path.split("?")[0]}%` }],
      ["bytes that are no UTF-8", { target: `${path.split("?")[0]}/%ff%fe` }],
      ["an overlong path", { target: `${path.split("?")[0]}/${"a".repeat(10_000)}` }],
      ["a step further down", { target: `${path.split("?")[0]}/and/more` }],
      ["dots", { target: `${path.split("?")[0]}/../../../etc/passwd` }],
      ["encoded dots and a NUL", { target: `${path.split("?")[0]}/%2e%2e%2f%00` }],
      ["another method", { method: "PATCH" }],
      ["OPTIONS", { method: "OPTIONS" }],
      ["TRACE", { method: "TRACE" }],
      ["an unknown expectation", { headers: [bearer(), "Expect: a-miracle"] }],
      ["CONNECT", { method: "CONNECT", target: "example.com:443" }],
    ] as const) {
      const answer = await sendTo(route, { headers: [bearer()], ...request });
      const said = `${what}: ${answer.status} ${answer.text.slice(0, 300)}`;
      assert.ok(answer.status >= 400 && answer.status < 500, said);
      assert.ok(at(answer.body, "error") !== undefined, said);
      if (answer.status !== 417 || !route.isOAuth)
        assertForm(at(answer.body, "error_description") === undefined ? plain : route, answer);
    }
    for (const upgrade of ["websocket", "h2c", "nonsense"]) {
      const headers = [
        bearer(),
        "Connection: Upgrade",
        `Upgrade: ${upgrade}`,
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
      ];
      assertOrderly(route, await sendTo(route, { headers }), upgrade);
    }
    await assertAlive();
  });

  test(`a body that breaks off neither hangs nor harms the server at ${route.title}`, async () => {
    {
      await using connection = new RawConnection(here().target.baseUrl);
      connection.write(
        rawBytes(connection.host, {
          method: route.method,
          target: pathOf(route),
          headers: [bearer(), JSON_TYPE, "Content-Length: 1000"],
          body: '{"Comment":',
        }),
      );
      connection.end();
      const answer = await connection.answer();
      if (answer.status !== 0) assert.ok(answer.status < 500, answer.text);
    }
    await using connection = new RawConnection(here().target.baseUrl);
    connection.write(`${route.method} ${pathOf(route)} HTT`);
    connection.end();
    const answer = await connection.answer();
    if (answer.status !== 0) assertForm({ isOAuth: false }, answer);
    await assertAlive();
  });
}

for (const path of ["/api/machineactions", "/api/machines", "/api/libraryfiles"]) {
  test(`absurd query options of GET ${path} are 400 ODataError or mean nothing`, async () => {
    for (const query of ABSURD_OPTIONS) {
      const answer = await rawSend(here().target.baseUrl, { target: `${path}?${query}`, headers: [bearer()] });
      const said = `${query.slice(0, 80)}: ${answer.status} ${answer.text.slice(0, 300)}`;
      assert.ok(answer.status === 200 || answer.status === 400, said);
      if (answer.status === 400) assertError(answer, 400, "ODataError");
    }
    await assertAlive();
  });
}

for (const [what, character] of [
  ["a right-to-left override", "\u202e"],
  ["an escape sequence", "\u001b[2J"],
] as const) {
  test(`${what} in a comment or a value is taken and given back as JSON`, async () => {
    const { api, machineId } = here();
    for (const body of [
      { Commands: [getFile("/etc/hostname")], Comment: `a${character}b` },
      { Commands: [getFile(`/etc/${character}`)], Comment: "x" },
    ]) {
      const answer = await api.post(`/api/machines/${machineId}/runliveresponse`, body);
      assert.equal(answer.status, 201, answer.text);
      const action = await api.waitForEnd(textAt(answer.body, "id"));
      assert.equal(textAt(action, "requestorComment"), body.Comment);
    }
    await assertAlive();
  });
}

/** Malformed fragments of requests. A client, a proxy or an attacker could send each of them. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const ENDINGS = [
  "",
  "/",
  "//",
  "%00",
  "%0d%0a",
  "%ff",
  "%ed%a0%80",
  "%",
  "/..",
  ";x=1",
  "'",
  "%27",
  "%2f",
  "*",
  "(",
  "%28",
  "\\",
  "~",
  "@",
  "%F0%9F%98%80",
  "?",
  "?%00",
  "?a=%ff",
  "?$top=1",
  "?$count=true&$filter=%27",
  "?useStartsWithFilter=1",
  "?sha256=%00",
  "?override=true",
  "#x",
];
const TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "text/json",
  "application/merge-patch+json",
  "application/x-www-form-urlencoded",
  MULTIPART,
  "multipart/form-data",
  'multipart/form-data; boundary=""',
  "multipart/form-data; boundary=x; boundary=y",
  "multipart/mixed; boundary=x",
  "text/plain",
  "a/b; c",
  ";",
  "\xff",
  "application/octet-stream",
];
const HEADERS = [
  "Accept: */*",
  "Content-Encoding: gzip",
  "Content-Encoding: identity",
  "Content-Encoding: br, gzip",
  "Transfer-Encoding: chunked",
  "Expect: 100-continue",
  "Range: bytes=0-",
  "Range: bytes=9-1,,",
  "If-Range: \xff",
  "Accept-Encoding: gzip;q=x",
  "Authorization: Bearer a",
  "Authorization: Ticket a",
  "Authorization: Basic \xff",
  "halligan-part-sha256: x",
  "X-Forwarded-For: a, b",
  "Forwarded: for=\xff",
  "X-HTTP-Method-Override: DELETE",
  "Content-Length: 3",
  "Cookie: a=\xff",
  "Idempotency-Key: \xff",
  "Upgrade: websocket",
  "Prefer: return=minimal",
];
const BODIES: readonly (string | Uint8Array)[] = [
  ...BAD_JSON.map(([, body]) => body).filter((body) => body.length < 5_000),
  gzipSync(multipartText([filePart("file", "wire-malformed.txt", "x", null)])),
  multipartText([filePart("file", "wire-malformed.txt", "x", null)]).slice(0, -3),
  multipartText([fieldPart("file", "x")]),
  multipartText([
    {
      headers: ['Content-Disposition: form-data; name="File"', "Content-Type: application/octet-stream"],
      content: "x",
    },
  ]),
  `--${BOUNDARY}--`,
  `--${BOUNDARY}\n\n\n--${BOUNDARY}--\n`,
  '{"Commands":[{"type":"GetFile","params":[{"key":"Path","value":"\\ud800"}]}],"Comment":"x"}',
  '{"groupId":-0}',
  '{"groupId":1e400}',
  '{"groupId":4294967296}',
  '{"uses":-0,"expiresInSeconds":1e3}',
  "grant_type=%ff&client_id=%00",
  "5\r\nhello\r\n0\r\n\r\n",
  "0\r\n\r\n",
];

for (const route of routes) {
  test(`whatever is sent to ${route.title} gets an orderly answer and never a 5xx`, async () => {
    const optional = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
    const request = fc.record({
      method: fc.oneof({ weight: 3, arbitrary: fc.constant(route.method) }, fc.constantFrom(...METHODS)),
      ending: fc.oneof({ weight: 2, arbitrary: fc.constant("") }, fc.constantFrom(...ENDINGS)),
      type: optional(TYPES),
      headers: fc.uniqueArray(fc.constantFrom(...HEADERS), { maxLength: 3 }),
      body: optional(BODIES),
      isKnown: fc.boolean(),
    });
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(request, async ({ method, ending, type, headers, body, isKnown }) => {
        const own = headers.some((line) => line.startsWith("Authorization")) || !isKnown ? [] : [bearer()];
        const lines = [...own, ...headers, ...(type === undefined ? [] : [`Content-Type: ${type}`])];
        const target = `${pathOf(route)}${ending}`;
        await using connection = new RawConnection(here().target.baseUrl);
        connection.write(
          rawBytes(connection.host, { method, target, headers: lines, ...(body !== undefined && { body }) }),
        );
        // A body that is shorter than announced is one that breaks off.
        connection.end();
        const answer = await connection.answer({ isHead: method === "HEAD" });
        if (answer.status !== 0) answered += 1;
        assert.ok(answer.status < 500, `${method} ${target} ${lines.join(" | ")}: ${answer.status} ${answer.text}`);
        if (answer.status >= 400 && method !== "HEAD") {
          assert.ok(at(answer.body, "error") !== undefined, `${method} ${target}: ${answer.status} ${answer.text}`);
        }
        if (answer.text !== "") assert.ok(!/\\ud[89a-f]/.test(answer.text), answer.text);
      }),
      { numRuns: 60, endOnFailure: true },
    );
    assert.ok(answered > 10, `${answered} of 60 requests were answered`);
    await assertAlive();
  });
}

test("a slow client and a fast one are both served at the same time", async () => {
  await using slow = new RawConnection(here().target.baseUrl);
  const request = rawBytes(slow.host, { target: "/api/machines?$top=1", headers: [bearer()] });
  slow.write(request.subarray(0, 20));
  await assertAlive();
  slow.write(request.subarray(20));
  assert.equal((await slow.answer()).status, 200);
});

test("requests sent one after the other without waiting are answered in their order", async () => {
  await using connection = new RawConnection(here().target.baseUrl);
  const targets = ["/api/machines?$top=1", "/api/no-such-path", "/api/machineactions?$top=1", "/api/machines/none"];
  for (const target of targets) connection.write(rawBytes(connection.host, { target, headers: [bearer()] }));
  const statuses: number[] = [];
  for (const _ of targets) statuses.push((await connection.answer()).status);
  assert.deepEqual(statuses, [200, 404, 200, 404]);
});

test("the API still signs in and lists after all of it", async () => {
  const api = await Api.open(here().target);
  assert.equal((await api.get("/api/machines")).status, 200);
});

test("the server logged no error of its own in all of it", { skip: onlyHalligan("its log") }, () => {
  assert.deepEqual(faults, []);
});
