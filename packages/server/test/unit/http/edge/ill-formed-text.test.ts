import assert from "node:assert/strict";
import { test } from "node:test";
import { anonymous } from "../../../../src/http/edge/access.ts";
import { noBody } from "../../../../src/http/edge/body/body-kinds.ts";
import { httpError, ok } from "../../../../src/http/edge/http-response.ts";
import { operationsOf } from "../../../../src/http/edge/operation.ts";
import { eventText } from "../../../../src/http/edge/response/event-text.ts";
import { ANY, errorOf, GOOD, PLAIN, startApp, talk, type World } from "../fixture.ts";

const RUN = "/api/machines/x/runliveresponse";
const JSON_GOOD = { ...GOOD, "content-type": "application/json" };
const LONE = "\\ud800";

/** Bodies by their raw text: `JSON.stringify` of a test could repair what is to be sent. */
const run = (comment: string, type = "RunScript") => `{"Commands":[{"type":"${type}"}],"Comment":${comment}}`;

test("a lone surrogate or a NUL in any string of a JSON body is 400 and its place is named", async (t) => {
  const { base } = await startApp(t);
  for (const [body, place] of [
    [run(`"a${LONE}b"`), "Comment"],
    [run('"\\udfff"'), "Comment"],
    [run('"\\uDBFF"'), "Comment"],
    [run('"\\ude00\\ud83d"'), "Comment"],
    [run('"\\ud83d\\\\ude00"'), "Comment"],
    [run('"\\u0000"'), "Comment"],
    [run('"x"', LONE), "Commands[0].type"],
    [`{"Commands":[{"type":"RunScript"},{"a":["\\ud800"]}],"Comment":"x"}`, "Commands[1].a[0]"],
    [`["${LONE}"]`, "[0]"],
    [`"${LONE}"`, "the body"],
    [`{"Comment":"x","a":{"${LONE}":1}}`, "a.\ufffd"],
    [`{"Comment":"x","\\u0000":1}`, "\ufffd"],
  ] as const) {
    const answer = await fetch(base + RUN, { method: "POST", body, headers: JSON_GOOD });
    const error = errorOf(await answer.text());
    assert.deepEqual([answer.status, error.code], [400, "InvalidRequestBody"], body);
    assert.match(error.message, /not well-formed Unicode|NUL/, body);
    assert.ok(error.message.startsWith(`Request body is incorrect: ${place} `), `${body}: ${error.message}`);
  }
});

test("well-formed text passes: pairs, noncharacters, controls, an escaped backslash before ud800, a byte order mark", async (t) => {
  const { base } = await startApp(t);
  for (const [comment, expected] of [
    ['"\\ud83d\\ude00"', "\u{1f600}"],
    ['"\u{1f600}"', "\u{1f600}"],
    ['"\\ufffe\\uffff"', "\ufffe\uffff"],
    ['"\\\\ud800"', "\\ud800"],
    ['"\\\\\\\\u0000"', "\\\\u0000"],
    ['"\\u001b[2J\\u202e"', "\u001b[2J\u202e"],
  ] as const) {
    for (const mark of ["", "\ufeff"]) {
      const answer = await fetch(base + RUN, { method: "POST", body: mark + run(comment), headers: JSON_GOOD });
      assert.deepEqual(await answer.json(), { types: ["RunScript"], comment: expected }, comment);
    }
  }
});

test("bytes of a JSON body that are not UTF-8 are 400 and never become U+FFFD", async (t) => {
  const { base } = await startApp(t);
  const [before = "", after = ""] = run('"@"').split("@");
  for (const [what, bytes] of [
    ["a surrogate in three bytes", [0xed, 0xa0, 0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong NUL", [0xc0, 0x80]],
    ["an overlong slash in three bytes", [0xe0, 0x80, 0xaf]],
    ["beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a continuation alone", [0x80]],
    ["a character cut short", [0xe2, 0x82]],
    ["Latin-1", [0xe9]],
  ] as const) {
    const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
    const answer = await fetch(base + RUN, { method: "POST", body, headers: JSON_GOOD });
    const error = errorOf(await answer.text());
    assert.deepEqual([answer.status, error.code], [400, "InvalidRequestBody"], what);
    assert.match(error.message, /UTF-8/, what);
  }
  for (const encoding of ["utf16le", "utf16be", "utf32"] as const) {
    const text = Buffer.from(`\ufeff${run('"x"')}`, "utf16le");
    const wide = Buffer.concat([...text].map((byte, i) => Buffer.from(i % 2 ? [byte, 0, 0] : [byte])));
    const body = encoding === "utf16le" ? text : encoding === "utf16be" ? Buffer.from(text).swap16() : wide;
    const answer = await fetch(base + RUN, { method: "POST", body, headers: JSON_GOOD });
    assert.equal(answer.status, 400, encoding);
  }
});

test("a number that a double cannot hold exactly is 400 and its place is named", async (t) => {
  const { base } = await startApp(t);
  for (const number of ["1e999", "-1e999", "9007199254740993", "1e300", "-1e20", "9".repeat(400)]) {
    const body = `{"Commands":[],"Comment":"x","n":[${number}]}`;
    const answer = await fetch(base + RUN, { method: "POST", body, headers: JSON_GOOD });
    const error = errorOf(await answer.text());
    assert.deepEqual([answer.status, error.code], [400, "InvalidRequestBody"], number);
    assert.match(error.message, /^Request body is incorrect: n\[0\] is a number beyond/, number);
  }
});

test("text of a query or a path that is not UTF-8 or holds a NUL is 400 and its place is named", async (t) => {
  const { base, open } = await startApp(t);
  for (const [target, message] of [
    ["/api/machines/x?a=%ff", /query option a is not valid UTF-8/],
    ["/api/machines/x?a=%ed%a0%80", /query option a is not valid UTF-8/],
    ["/api/machines/x?a=%C0%80", /query option a is not valid UTF-8/],
    ["/api/machines/x?a=b&c=x%00y", /query option c contains a NUL/],
    ["/api/machines/x?a%00=b", /name of a query option contains a NUL/],
    ["/api/machines/x?%fe=b", /name of a query option is not valid UTF-8/],
    ["/api/machines/x%00y", /path contains a NUL/],
    ["/api/machines/%ff", /not well-formed/],
    ["/api/machines/%ed%a0%80", /not well-formed/],
  ] as const) {
    const answer = await fetch(base + target, { headers: GOOD });
    const error = errorOf(await answer.text());
    const code = target.includes("?") ? "ODataError" : "BadRequest";
    assert.deepEqual([answer.status, error.code], [400, code], target);
    assert.match(error.message, message, target);
  }
  const raw = await talk(
    await open(),
    Buffer.from("GET /api/machines/x?a=\xff HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "latin1"),
  );
  assert.match(raw, /^HTTP\/1.1 400 /);
});

test("a percent sign that begins no escape stays what it is in a query and a form", async (t) => {
  const { base } = await startApp(t);
  const answer = await fetch(`${base}/api/machines/x?$top=100%&b=%zz%4`, { headers: GOOD });
  assert.equal(answer.status, 200);
  const token = await fetch(`${base}/t/oauth2/token`, { method: "POST", body: "client_secret=a%zz+b%2B&x" });
  assert.deepEqual(await token.json(), { client_secret: "a%zz b+", x: "" });
});

test("text of a form that is not UTF-8 or holds a NUL is 400 and its field is named", async (t) => {
  const { base } = await startApp(t);
  for (const [body, message] of [
    ["client_id=%ff", /field client_id is not valid UTF-8/],
    ["a=b&client_secret=%ed%a0%80", /field client_secret is not valid UTF-8/],
    ["client_id=%00", /field client_id contains a NUL/],
    ["client_id=a\0b", /field client_id contains a NUL/],
    ["%ff=x", /name of a field is not valid UTF-8/],
    [Buffer.from([0x61, 0x3d, 0xff]), /UTF-8/],
  ] as const) {
    const answer = await fetch(`${base}/t/oauth2/token`, { method: "POST", body });
    assert.equal(answer.status, 400);
    const text = await answer.text();
    assert.match(text, /"error":"invalid_request"/);
    assert.match(text, message, String(body));
  }
});

test("whatever text is stored, no answer and no event has half of a surrogate pair", async (t) => {
  const stored = { comment: "a\ud800", "\udfff": ["\ude00\ud83d", "\u{1f600}"] };
  const operation = operationsOf<World>();
  const { base } = await startApp(t, {
    operations: [
      operation({
        name: "Json",
        method: "GET",
        path: "/json",
        access: anonymous,
        ...PLAIN,
        responses: ANY,
        body: noBody,
        handler: () => ok(stored),
      }),
      operation({
        name: "Error",
        method: "GET",
        path: "/error",
        access: anonymous,
        ...PLAIN,
        responses: ANY,
        body: noBody,
        handler: () => httpError(400, "InvalidInput", stored.comment),
      }),
    ],
  });
  const answer = await (await fetch(`${base}/json`)).text();
  assert.equal(answer, '{"comment":"a\\ufffd","\\ufffd":["\\ufffd\\ufffd","\u{1f600}"]}');
  assert.equal(errorOf(await (await fetch(`${base}/error`)).text()).message, "a\ufffd");
  const action = { id: "\ud800" } as const;
  assert.equal(
    eventText({ event: "transfer", data: Object.assign({ index: 0, transferredBytes: 0 }, action) }).includes(
      "\\ud800",
    ),
    false,
  );
});
