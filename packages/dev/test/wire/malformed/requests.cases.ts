import assert from "node:assert/strict";
import { test } from "node:test";
import { getFile } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, textAt } from "../support/json.ts";
import { ABSURD_OPTIONS } from "../support/malformed-inputs.ts";
import { RawConnection, rawBytes, rawSend } from "../support/raw-http.ts";
import {
  assertAlive,
  assertForm,
  assertOrderly,
  assertRefusal,
  bearer,
  here,
  JSON_TYPE,
  pathOf,
  routes,
  sendTo,
} from "./sending.ts";

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
