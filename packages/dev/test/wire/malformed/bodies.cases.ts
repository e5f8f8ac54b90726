import assert from "node:assert/strict";
import { test } from "node:test";
import { BAD_JSON } from "../support/malformed-inputs.ts";
import { BOUNDARY, fieldPart, filePart, MULTIPART, multipartText } from "../support/multipart-text.ts";
import { assertAlive, assertOrderly, assertRefusal, bearer, here, JSON_TYPE, MIB, routes, sendTo } from "./sending.ts";

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
