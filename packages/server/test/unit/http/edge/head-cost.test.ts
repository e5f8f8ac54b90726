import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { parseHeaderParameters } from "../../../../src/http/edge/body/header-parameters.ts";
import { readPartHead } from "../../../../src/http/edge/body/part-head.ts";
import { startApp } from "../fixture.ts";

const SMALL_BYTES = 2_000;
const LARGE_BYTES = 60_000;
/** Fewer bytes cost at least so much less; what is quadratic is 30 times above it. */
const MAX_RATIO = (4 * LARGE_BYTES) / SMALL_BYTES;
const TIMEOUT_MS = 20_000;

const filled = (text: string, sizeBytes: number): string => text.repeat(Math.floor(sizeBytes / text.length));
const get = (target: string, headers = "") => `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const upload = (type: string) =>
  `POST /api/libraryfiles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Type: ${type}\r\nContent-Length: 0\r\n\r\n`;

/**
 * Request heads that take long where something is not linear; the first ones need no
 * authentication.
 */
const HEADS: Readonly<Record<string, (sizeBytes: number) => string>> = {
  "slashes in the path": (size) => get(filled("/", size)),
  "segments of the path": (size) => get(filled("/api/machines", size)),
  "escapes in the path": (size) => get(`/${filled("%41", size)}`),
  "a long index": (size) => get(`/api/machineactions/x/GetLiveResponseResultDownloadLink(index=${filled("1", size)}`),
  "query options": (size) => get(`/api/machines/x?${filled("%41&", size)}`),
  "a query option of escapes": (size) => get(`/api/machines/x?a=${filled("%41", size)}`),
  headers: (size) => get("/api/machines/x", filled("a: b\r\n", size)),
  "a long token": (size) => get("/api/machines/x", `Authorization: Bearer ${filled("a.", size)}\r\n`),
  "blanks before a token": (size) => get("/api/machines/x", `Authorization: Bearer${filled(" ", size)}!\r\n`),
  "hosts of proxies": (size) => get("/api/machines/x", `X-Forwarded-For: ${filled("127.0.0.1,", size)}\r\n`),
  "blanks of a range": (size) => get("/halligan/v1/results/1", `Range: bytes=${filled(" ", size)}0-1,\r\n`),
  "parameters of a multipart type": (size) => upload(`multipart/form-data${filled("; a=b", size)}`),
  "blanks in a parameter": (size) => upload(`multipart/form-data; a=${filled(" ", size)}x"`),
  "blanks before a parameter": (size) => upload(`multipart/form-data;${filled(" ", size)}"`),
  "an open quote": (size) => upload(`multipart/form-data; a="${filled("\\a", size)}`),
};

test("the cost of a request head grows with its size and no faster", async (t) => {
  const { port } = await startApp(t);
  const exchange = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.setTimeout(TIMEOUT_MS, () => reject(new Error("no answer")));
      socket.once("data", () => socket.destroy());
      socket.on("error", () => undefined).on("close", () => resolve());
      socket.write(text);
    });
  for (const [name, make] of Object.entries(HEADS)) {
    const [small, large] = [make(SMALL_BYTES), make(LARGE_BYTES)];
    await exchange(small);
    const cost = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY };
    for (let n = 0; n < 4 && (n === 0 || cost.large > MAX_RATIO * cost.small); n += 1) {
      cost.small = Math.min(cost.small, await processorTimeUs(() => exchange(small)));
      cost.large = Math.min(cost.large, await processorTimeUs(() => exchange(large)));
    }
    assert.ok(cost.large <= MAX_RATIO * cost.small, `${name}: ${cost.small} us and ${cost.large} us`);
  }
});

test("more query options than the limit are refused before they are decoded", async (t) => {
  const { base } = await startApp(t);
  const answer = await fetch(`${base}/api/machines/x?${"a=%41&".repeat(200)}`);
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /there are more than 128 query options/);
});

test("blanks in the head of a part cost no more than other characters", async () => {
  for (const value of [`${" ".repeat(16_000)}x"`, `"${" ".repeat(16_000)}`, `${" \t".repeat(8_000)};"`]) {
    const block = Buffer.from(`Content-Disposition: form-data; name=${value}`);
    const blanksUs = await processorTimeUs(async () => readPartHead(block));
    assert.ok(blanksUs < 1_000_000, `${blanksUs} us`);
  }
});

test("an unquoted value is without the blanks around it", () => {
  assert.deepEqual(parseHeaderParameters('a/b; c= d e \t; f=\t"g" ;h=;i'), null);
  assert.deepEqual(parseHeaderParameters('a/b; c= d e \t; f=\t"g" ;h= ;'), {
    type: "a/b",
    parameters: [
      ["c", "d e"],
      ["f", "g"],
      ["h", ""],
    ],
  });
});

async function processorTimeUs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
