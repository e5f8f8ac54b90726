import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../../../protocol/test/support/until.ts";
import type { ApplicationCaller } from "../../../../src/auth/caller.ts";
import { UnfinishedBodies } from "../../../../src/http/edge/unfinished-bodies.ts";
import { startApp, talk } from "../fixture.ts";

const KIB = 1024;
const RUN = "/api/machines/m1/runliveresponse";
const head = (token: string, sizeBytes: number) =>
  `POST ${RUN} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${sizeBytes}\r\n\r\n`;
const callerOf = (id: string): ApplicationCaller => ({
  kind: "application",
  id,
  clientId: id,
  name: id,
  roles: new Set(["Machine.LiveResponse"]),
});

test("unfinished bodies of one caller hold a bounded number of bytes; the next ones are refused at once", async (t) => {
  const limits = { ownerBodyBytes: 256 * KIB, jsonBytes: 128 * KIB, lingerMs: 50, bodyTimeoutMs: 60_000 };
  const verifyToken = async (token: string) => callerOf(token);
  const { open, base } = await startApp(t, { limits, verifyToken });
  let answers = "";
  for (let n = 0; n < 10; n += 1) {
    const socket = await open();
    socket.on("data", (bytes: Buffer) => {
      answers += String(bytes);
    });
    socket.write(head("hostile", 100 * KIB));
    socket.write(Buffer.alloc(90 * KIB, " "));
  }
  // Two are held: the body timeout would end the others only after a minute.
  await until(() => answers.split("HTTP/1.1 429 ").length - 1 >= 8, "eight refused bodies");
  assert.match(answers, /retry-after: \d/i);
  assert.match(answers, /unfinished request bodies of this caller hold more than 262144 bytes/);
  assert.match(answers, /connection: close/i);
  const body = JSON.stringify({ Commands: [{ type: "GetFile" }], Comment: "" });
  const honest = await fetch(`${base}${RUN}`, {
    method: "POST",
    headers: { authorization: "Bearer honest", "content-type": "application/json" },
    body,
  });
  assert.equal(honest.status, 201);
});

test("an address without authentication has a smaller budget, and no sign-in waits for the time of a body", async (t) => {
  const { open } = await startApp(t, {
    limits: { addressBodyBytes: 10_000, bodyTimeoutMs: 60_000, refusalDelayMs: 1 },
  });
  const answer = await talk(
    await open(),
    `POST /t/oauth2/token HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n${"a".repeat(15_000)}`,
  );
  assert.match(answer, /^HTTP\/1.1 429 /);
  assert.match(answer, /retry-after: \d/i);
});

test("bytes are counted by owner and in all, and nothing stays counted", () => {
  const bodies = new UnfinishedBodies({ ownerBytes: 100, addressBytes: 10, totalBytes: 150 });
  const [a, b] = [
    { key: "account a", isAddress: false },
    { key: "account b", isAddress: false },
  ];
  assert.equal(bodies.add(a, 100), null);
  assert.equal(bodies.add(a, 1)?.status, 429);
  assert.equal(bodies.add({ key: "address x", isAddress: true }, 11)?.status, 429);
  assert.equal(bodies.add(b, 51)?.status, 503);
  assert.equal(bodies.add(b, 50), null);
  bodies.release(a, 100);
  bodies.release(b, 50);
  assert.equal(bodies.heldBytes, 0);
});
