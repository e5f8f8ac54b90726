import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { at } from "../support/json.ts";
import { BAD_JSON } from "../support/malformed-inputs.ts";
import { BOUNDARY, fieldPart, filePart, MULTIPART, multipartText } from "../support/multipart-text.ts";
import { RawConnection, rawBytes } from "../support/raw-http.ts";
import { assertAlive, bearer, here, pathOf, routes } from "./sending.ts";

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
