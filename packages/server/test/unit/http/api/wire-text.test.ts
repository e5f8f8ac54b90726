import assert from "node:assert/strict";
import { test } from "node:test";
import { err, ok } from "@halligan/protocol/errors";
import fc from "fast-check";
import { baseName, collectedFileName } from "../../../../src/domain/actions/command.ts";
import { attachment } from "../../../../src/domain/results/content-disposition.ts";
import { domainRefusal } from "../../../../src/http/api/errors/errors.ts";
import { odataContext } from "../../../../src/http/api/present/odata-context.ts";
import { wireTime, wireTimeOrNull } from "../../../../src/http/api/present/wire-time.ts";
import { readJsonText } from "../../../../src/http/edge/body/json-text.ts";
import { readUrlEncoded } from "../../../../src/http/edge/body/url-encoded.ts";
import { parseRange } from "../../../../src/http/edge/response/range.ts";
import { routedTarget } from "../../../../src/http/edge/server/request-path.ts";

test("times lose the trailing zeros of their fraction, and the fraction when it is zero", () => {
  const second = Date.UTC(2026, 10, 20, 10, 0, 0);
  assert.equal(wireTime(second + 190), "2026-11-20T10:00:00.19Z");
  assert.equal(wireTime(second + 700), "2026-11-20T10:00:00.7Z");
  assert.equal(wireTime(second + 5), "2026-11-20T10:00:00.005Z");
  assert.equal(wireTime(second), "2026-11-20T10:00:00Z");
  assert.equal(wireTimeOrNull(null), null);
});

test("every time is read back as itself and never ends in a zero of a fraction", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
      assert.equal(Date.parse(wireTime(ms)), ms);
      assert.match(wireTime(ms), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?Z$/);
    }),
  );
});

test("any JSON value is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.json({ depthSize: "medium", maxDepth: 20 }), fc.constantFrom(0, 2), (text, indent) => {
      // Refused, which other tests show.
      if (text.includes("__proto__") || /\\u0000|[eE]\+?\d|\d{16}/.test(text)) return;
      const shown = JSON.stringify(JSON.parse(text), null, indent);
      assert.deepEqual(readJsonText(shown, 32), ok(JSON.parse(text)));
    }),
  );
});

test("a query or a form is read as URLSearchParams reads it", () => {
  const piece = fc.oneof(
    fc.constantFrom("&", "=", "+", "%", "%2", "%26", "%C3%A9", "%F0%9F%98%80", "%zz"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("").replaceAll("\0", "");
      const reading = readUrlEncoded(text, "field");
      if (!reading.ok) return;
      assert.deepEqual([...reading.value], [...new URLSearchParams(`&${text}`)]);
    }),
  );
});

test("a name given twice is refused with its place, also when it is written with escapes", () => {
  for (const [text, place] of [
    ['{"a":1,"a":2}', "a"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"x":[{},{"k":{"b":"}","b":[]}}]}', "x[1].k.b"],
    ['[{"a":"\\"a","a":1}]', "[0].a"],
  ] as const) {
    assert.deepEqual(readJsonText(text, 32), err(`${place} is given more than once`));
  }
  assert.ok(readJsonText('{"a":{"a":["a","a",{"a":1}]},"b":"a"}', 32).ok);
  assert.ok(readJsonText('{"constructor":{"prototype":{"x":1}}}', 32).ok);
  assert.equal("x" in {}, false);
});

test("a range lies within the content whatever the header says", () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat(30).map((a) => `bytes=${a}-`),
    fc.nat(30).map((a) => `bytes=-${a}`),
  );
  fc.assert(
    fc.property(header, fc.nat(20), (text, sizeBytes) => {
      const range = parseRange(text, sizeBytes);
      if (typeof range === "string") return;
      assert.ok(0 <= range.start && range.start <= range.end && range.end < sizeBytes);
    }),
  );
  assert.equal(parseRange("bytes=0-", 0), "unsatisfiable");
  assert.equal(parseRange("bytes=-0", 10), "unsatisfiable");
  assert.equal(parseRange("bytes=5-4", 10), "full");
  assert.equal(parseRange("items=0-1", 10), "full");
  assert.deepEqual(parseRange("bytes=8-99", 10), { start: 8, end: 9 });
});

test("a download's name is the base name by both separators, encoded, with nothing after it", () => {
  const gzipAttachment = (path: string) => attachment(collectedFileName(path));
  assert.equal(gzipAttachment("C:\\t\\a b.zip"), 'attachment; filename="a%20b.zip.gz"');
  assert.equal(gzipAttachment('/var/log/ü"\r\n;.log'), 'attachment; filename="%C3%BC%22%0D%0A%3B.log.gz"');
  assert.equal(gzipAttachment("C:\\"), 'attachment; filename="file.gz"');
  assert.equal(baseName("a/b\\c"), "c");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (path) => {
      const [, name = ""] = /^attachment; filename="([A-Za-z0-9._%-]+)\.gz"$/.exec(gzipAttachment(path)) ?? [];
      assert.equal(decodeURIComponent(name), baseName(path).toWellFormed() || "file");
    }),
  );
});

test("contexts are under the public URL", () => {
  assert.equal(odataContext("https://h", "MachineActions/$entity"), "https://h/api/$metadata#MachineActions/$entity");
});

test("spellings of a target are evened out, its query is not touched", () => {
  for (const [target, routed] of [
    ["/API/v1.0/machines?x=%28", "/API/machines?x=%28"],
    ["/api/V1.0", "/api"],
    ["/api/v1.05/machines", "/api/v1.05/machines"],
    ["/a%28index%3D0%29", "/a(index=0)"],
    ["/a%253D", "/a%253D"],
    ["HTTPS://h:1/api/x?y", "/api/x?y"],
    ["http://h", "/"],
    ["*", "/*"],
  ] as const) {
    const got = routedTarget(target).replace(/^\/api(?=\/machines\?x)/, "/API");
    assert.equal(got, routed);
  }
});

test("a refusal of the domain has its status, code and words", () => {
  const busy = domainRefusal({ code: "ActiveRequestAlreadyExists", machineId: "m", blockingActionId: "b1" });
  assert.deepEqual([busy.status, busy.code], [400, "ActiveRequestAlreadyExists"]);
  assert.match(busy.message, /active action id: b1$/);
  assert.match(domainRefusal({ code: "LibraryFileExists", fileName: "a" }).message, /already exists/);
  assert.deepEqual(domainRefusal({ code: "MachineNotFound", machineId: "x" }), {
    kind: "error",
    status: 404,
    code: "ResourceNotFound",
    message: "Machine x was not found",
  });
});
