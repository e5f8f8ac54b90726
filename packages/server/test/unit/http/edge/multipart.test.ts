import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { errorOf, GOOD, startApp } from "../fixture.ts";

/**
 * Multipart bodies by the grammar of RFC 2046 section 5.1.1 and the rules of RFC 7578, as real
 * programs write them.
 */
const TYPE = "multipart/form-data; boundary=b";
const DISPOSITION = "Content-Disposition: form-data;";

const part = (headers: string, content: string | Buffer = "x"): Buffer =>
  Buffer.concat([Buffer.from(`--b\r\n${headers}\r\n\r\n`), Buffer.from(content), Buffer.from("\r\n")]);
const body = (...parts: readonly Buffer[]): Buffer => Buffer.concat([...parts, Buffer.from("--b--\r\n")]);
const field = (name: string, value: string) => part(`${DISPOSITION} name="${name}"`, value);
const file = (headers: string, content?: string | Buffer) => part(`${DISPOSITION} ${headers}`, content);

async function send(base: string, bytes: string | Buffer, type = TYPE) {
  const response = await fetch(`${base}/api/libraryfiles`, {
    method: "POST",
    body: typeof bytes === "string" ? Buffer.from(bytes) : bytes,
    headers: { ...GOOD, "content-type": type },
  });
  return { status: response.status, text: await response.text() };
}

test("parts are read as each program writes them", async (t) => {
  const { base } = await startApp(t);
  for (const [program, headers] of [
    ["curl", `name="file"; filename="a.sh"\r\nContent-Type: application/octet-stream`],
    [".NET and PowerShell 7", `name=file; filename=a.sh; filename*=utf-8''a.sh`],
    ["Python requests", `name="file"; filename="a.sh"`],
    ["aiohttp", `name="file"; filename="a.sh"; filename*=utf-8''a.sh\r\nContent-Type: application/octet-stream`],
    ["older urllib3", `name="file"; filename*=utf-8''a.sh`],
    ["Go", `name="file"; filename="a.sh"\r\nContent-Type: application/octet-stream`],
    ["OkHttp", `name="file"; filename="a.sh"\r\nContent-Type: text/x-sh\r\nContent-Length: 1`],
    [
      "Apache HttpClient",
      `name="file"; filename="a.sh"\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary`,
    ],
    ["a browser", `name="file"; filename="a.sh"\r\nContent-Type: text/x-sh`],
    ["an old browser, with the whole path", `name="file"; filename="C:\\scripts\\a.sh"`],
    ["escaped backslashes", `name="file"; filename="C:\\\\scripts\\\\a.sh"`],
    ["a path of POSIX", `name="file"; filename="../../etc/a.sh"`],
    ["names in capitals", `Name="FILE"; FileName="a.sh"\r\ncontent-TYPE: TEXT/PLAIN`],
    ["no white space", `name="file";filename="a.sh"`],
    ["white space everywhere", ` name = "file" ; filename = "a.sh" ;`],
    ["a folded header", `name="file";\r\n\tfilename="a.sh"`],
    ["a header that is not known", `name="file"; filename="a.sh"\r\nX-Other: 1; 2\r\nContent-ID: <1>`],
    ["an unknown parameter", `name="file"; size=3; filename="a.sh"`],
    ["both kinds of name, differing", `name="file"; filename*=utf-8''other.sh; filename="a.sh"`],
  ] as const) {
    const answer = await send(base, body(file(headers)));
    assert.equal(answer.text, '{"file":{"fileName":"a.sh","sizeBytes":1}}', program);
  }
});

test("a name and a value keep quotes, semicolons, line breaks and characters beyond ASCII", async (t) => {
  const { base } = await startApp(t);
  for (const [written, read] of [
    [`name="x"; filename="a\\"b;c=d.sh"`, 'a"b;c=d.sh'],
    [`name="x"; filename="a%22b%0D%0A.sh"`, "a%22b%0D%0A.sh"],
    [`name="x"; filename="ü\u{1f600}.sh"`, "ü\u{1f600}.sh"],
    [`name="x"; filename*=UTF-8'en'%C3%BC.sh`, "ü.sh"],
    [`name="x"; filename=""`, ""],
  ] as const) {
    const answer = await send(base, body(file(written)));
    assert.deepEqual(JSON.parse(answer.text), { x: { fileName: read, sizeBytes: 1 } }, written);
  }
  for (const value of ["", "\r\n", "a\r\n\r\n--c\r\nb", "ü\u{1f600}", "-b", "--", "\r\n-", " x "]) {
    const answer = await send(base, body(field("description", value)));
    assert.deepEqual(JSON.parse(answer.text), { description: value });
  }
});

test("bytes without a filename are a file when their type says so, else a text", async (t) => {
  const { base } = await startApp(t);
  const bytes = await send(base, body(file('name="File"\r\nContent-Type: application/octet-stream')));
  assert.equal(bytes.text, '{"file":{"fileName":null,"sizeBytes":1}}');
  const text = await send(base, body(file('name="File"\r\nContent-Type: application/json', "{}")));
  assert.equal(text.text, '{"file":"{}"}');
});

test("text is read in the charset that its part or _charset_ names", async (t) => {
  const { base } = await startApp(t);
  const latin1 = Buffer.from("é", "latin1");
  const utf16 = Buffer.from("é", "utf16le");
  for (const [bytes, type] of [
    [Buffer.from("é"), ""],
    [Buffer.from("\ufeffé"), ""],
    [Buffer.from("é"), "\r\nContent-Type: text/plain; charset=utf-8"],
    [Buffer.from("é"), '\r\nContent-Type: text/plain; charset="UTF-8"'],
    [latin1, "\r\nContent-Type: text/plain; charset=iso-8859-1"],
    [utf16, "\r\nContent-Type: text/plain; charset=utf-16le"],
  ] as const) {
    const answer = await send(base, body(part(`${DISPOSITION} name="d"${type}`, bytes)));
    assert.equal(answer.text, '{"d":"é"}', type);
  }
  const named = await send(base, body(field("_charset_", "iso-8859-1"), part(`${DISPOSITION} name="d"`, latin1)));
  assert.deepEqual(JSON.parse(named.text), { _charset_: "iso-8859-1", d: "é" });
});

test("what RFC 7578 does not have is 400 and says which part and what is wrong", async (t) => {
  const { base } = await startApp(t);
  for (const [bytes, message] of [
    [file(`filename="a"`), /part 1 of it has no name/],
    [file(`name=""; filename="a"`), /part 1 of it has no name/],
    [file(`name="a"; name="b"`), /more than one name/],
    [file(`name="a"; filename="b"; filename="c"`), /more than one filename/],
    [file(`name="a"; filename*=utf-8''%ff`), /filename\* that is not UTF-8/],
    [file(`name="a"; filename*=iso-8859-1''%e9`), /filename\* that is not UTF-8/],
    [file(`name="a"; filename*=utf-8''%00`), /filename\* that contains a NUL/],
    [file(`name="a"; filename*=plain`), /filename\* that is not UTF-8/],
    [file(`name="a; filename=b`), /Content-Disposition that is not form-data/],
    [file(`name="a" x; filename=b`), /Content-Disposition that is not form-data/],
    [file(`name="${"n".repeat(300)}"`), /name of more than 256/],
    [part("Content-Type: text/plain"), /no Content-Disposition/],
    [part("Content-Disposition: attachment; name=a"), /not form-data/],
    [
      part("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b"),
      /more than one Content-Disposition/,
    ],
    [part("Content-Disposition form-data"), /not a name, a colon and a value/],
    [part(" Content-Disposition: form-data; name=a"), /no Content-Disposition|not a name/],
    [part("Content-Disposition: form-data; name=a\nX: y"), /CR LF/],
    [file('name="a"\r\nContent-Transfer-Encoding: base64'), /Content-Transfer-Encoding that is not accepted/],
    [file('name="a"\r\nContent-Transfer-Encoding: quoted-printable'), /Content-Transfer-Encoding/],
    [file('name="a"\r\nContent-Type: multipart/mixed; boundary=c', "--c--"), /multipart body of its own/],
    [file('name="a"\r\nContent-Type: ;'), /Content-Type that cannot be read/],
    [file('name="a"\r\nContent-Type: text/plain; charset=x-none'), /the part a is not text in the charset "x-none"/],
    [file('name="a"\r\nContent-Type: text/plain; charset=a; charset=b'), /more than one charset/],
    [file('name="a\0b"; filename=c'), /header that contains a NUL/],
    [part(Buffer.from("Content-Disposition: form-data; name=\xff", "latin1").toString("latin1")), null],
    [field("d", "a\0b"), /the part d contains a NUL/],
    [part(`${DISPOSITION} name="d"`, Buffer.from([0xff])), /the part d is not text in the charset "utf-8"/],
    [part(`${DISPOSITION} name="d"`, Buffer.from([0xed, 0xa0, 0x80])), /the part d is not text/],
    [part(`${DISPOSITION} name="d"\r\nContent-Type: text/plain; charset=utf-16le`, Buffer.from([0, 0xd8])), /not text/],
    [part(`X: ${"x".repeat(20_000)}`), /no empty line after them within 16384/],
    [Buffer.concat(Array.from({ length: 1_000 }, () => field("a", "x"))), /more than 32 parts/],
    [field("a", "x".repeat(70_000)), /the part a is longer than 65536 bytes/],
    [Buffer.from("--b\r\nContent-Disposition: form-data; name=a\r\n--b\r\n\r\nx\r\n"), /no empty line/],
    [Buffer.from("--b x\r\n\r\n"), /followed by other text/],
    [Buffer.from("--bx\r\n\r\n"), /followed by other text/],
    [Buffer.from("--b\nContent-Disposition: form-data; name=a\n\nx\n"), /followed by|CR LF/],
  ] as const) {
    const answer = await send(base, body(bytes));
    if (message === null) {
      assert.equal(answer.status, 200);
      continue;
    }
    const error = errorOf(answer.text);
    assert.deepEqual([answer.status, error.code], [400, "InvalidRequestBody"], String(bytes).slice(0, 200));
    assert.match(error.message, message, String(bytes).slice(0, 200));
  }
  const raw = Buffer.concat([
    Buffer.from(`--b\r\n${DISPOSITION} name="`),
    Buffer.from([0xff]),
    Buffer.from('"\r\n\r\nx\r\n'),
  ]);
  assert.match(errorOf((await send(base, body(raw))).text).message, /headers that are not valid UTF-8/);
});

test("a boundary has 1 to 70 characters of RFC 2046, quoted or not, and is named once", async (t) => {
  const { base } = await startApp(t);
  const longest = "b".repeat(70);
  for (const [parameter, boundary] of [
    [`boundary=${longest}`, longest],
    [`boundary="${longest}"`, longest],
    ['boundary="a b:c/d=?"', "a b:c/d=?"],
    ["boundary====123==", "===123=="],
    ["charset=utf-8; boundary=b", "b"],
    ["BOUNDARY=b;", "b"],
    [`boundary="----WebKitFormBoundary7MA4YWxkTrZu0gW"`, "----WebKitFormBoundary7MA4YWxkTrZu0gW"],
  ] as const) {
    const text = body(field("a", "x")).toString().replaceAll("--b", `--${boundary}`);
    const answer = await send(base, text, `multipart/form-data; ${parameter}`);
    assert.equal(answer.text, '{"a":"x"}', parameter);
  }
  for (const parameter of [
    "",
    "; boundary=",
    '; boundary=""',
    `; boundary=${longest}b`,
    '; boundary="b "',
    '; boundary="b',
    "; boundary=b; boundary=c",
    "; boundary=b@",
  ]) {
    const answer = await send(base, body(field("a", "x")), `multipart/form-data${parameter}`);
    assert.deepEqual([answer.status, errorOf(answer.text).code], [400, "InvalidRequestBody"], parameter);
  }
});

test("a preamble and an epilogue are dropped, white space after a boundary is taken, a body that ends early is 400", async (t) => {
  const { base } = await startApp(t);
  const whole = body(field("a", "x")).toString();
  for (const text of [
    `This is the preamble.\r\n${whole}`,
    `\r\n${whole}`,
    `${whole}This is the epilogue.\r\n--b\r\n\r\n`,
    whole.replace("--b\r\n", "--b \t\r\n"),
    whole.slice(0, -2),
    whole.replace("--b--\r\n", "--b-- \r\n"),
  ]) {
    assert.equal((await send(base, text)).text, '{"a":"x"}', JSON.stringify(text));
  }
  assert.equal((await send(base, "--b--\r\n")).text, "{}");
  for (let cut = 0; cut < whole.length - 2; cut += 1) {
    const answer = await send(base, whole.slice(0, cut));
    assert.equal(answer.status, 400, JSON.stringify(whole.slice(0, cut)));
  }
  const bare = `--b\r\n${DISPOSITION} name="a"\r\n\r\n--b--\r\n`;
  assert.equal((await send(base, bare)).text, '{"a":""}');
  for (const text of [`${"x".repeat(20_000)}\r\n${whole}`, whole.replaceAll("\r\n", "\n")]) {
    assert.equal((await send(base, text)).status, 400);
  }
});

test("content is kept byte for byte wherever the network cuts it", async (t) => {
  const { port } = await startApp(t);
  const base = `http://127.0.0.1:${port}`;
  const pieces = fc.array(fc.constantFrom("\r\n", "\r", "\n", "-", "--", "b", "--b", "\r\n--", "\0", "x"), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(pieces, fc.array(fc.nat(300), { maxLength: 6 }), async (content, cuts) => {
      const text = content.join("");
      const clean = text.replaceAll("\0", "");
      if (`\r\n${text}\r\n${clean}`.includes("\r\n--b")) return;
      const bytes = body(file('name="file"; filename="f"', text), field("d", clean));
      const edges = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((end, i) => bytes.subarray(edges[i] ?? 0, end));
      const response = await fetch(`${base}/api/libraryfiles`, {
        method: "POST",
        body: new ReadableStream({
          async pull(controller) {
            const chunk = chunks.shift();
            if (chunk === undefined) return controller.close();
            if (chunk.length > 0) controller.enqueue(chunk);
            else controller.enqueue(Buffer.from(""));
          },
        }),
        duplex: "half",
        headers: { ...GOOD, "content-type": TYPE },
      });
      const size = Buffer.byteLength(text);
      assert.deepEqual(await response.json(), { file: { fileName: "f", sizeBytes: size }, d: clean });
    }),
    { numRuns: 60 },
  );
});

test("a body that says it is compressed is refused, whatever kind of body it is", async (t) => {
  const { base } = await startApp(t);
  for (const [method, path, authorization] of [
    ["POST", "/api/libraryfiles", "Bearer good"],
    ["PUT", "/agent/v1/parts/1", "Ticket v1"],
    ["POST", "/t/oauth2/token", ""],
    ["POST", "/api/machines/x/runliveresponse", "Bearer good"],
  ] as const) {
    const headers = { authorization, "content-type": path.includes("library") ? TYPE : "application/json" };
    const answer = await fetch(base + path, { method, body: "x", headers: { ...headers, "content-encoding": "gzip" } });
    assert.equal(answer.status, 400, path);
    assert.match(await answer.text(), /Content-Encoding/);
  }
});
