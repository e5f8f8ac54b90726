import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { MAX_PIPELINED_REQUESTS } from "../../../src/http/http-server.ts";
import { startApp } from "./fixture.ts";

const REQUEST = "GET /halligan/v1/results/1 HTTP/1.1\r\nHost: h\r\n\r\n";

test("a few requests that arrive together are answered in order, and more of them end their connection", {
  timeout: 20_000,
}, async (t) => {
  const { open, lines } = await startApp(t);
  const answered = () => lines.filter((line) => line.includes('"msg":"request"')).length;

  const honest = await open();
  let text = "";
  honest.on("data", (chunk) => {
    text += chunk;
  });
  honest.write(REQUEST.repeat(MAX_PIPELINED_REQUESTS));
  while (text.split("HTTP/1.1 200 ").length <= MAX_PIPELINED_REQUESTS) await once(honest, "data");
  honest.write(REQUEST);
  while (text.split("HTTP/1.1 200 ").length <= MAX_PIPELINED_REQUESTS + 1) await once(honest, "data");
  assert.equal(honest.closed, false);

  const before = answered();
  const hostile = await open();
  hostile.resume();
  hostile.write(REQUEST.repeat(200));
  await once(hostile, "close");
  while (answered() < before + MAX_PIPELINED_REQUESTS) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(answered(), before + MAX_PIPELINED_REQUESTS);
});
