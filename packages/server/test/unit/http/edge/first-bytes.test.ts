import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { writeSelfMadeCertificate } from "../../../../../dev/src/certificates/self-made-certificate.ts";
import { awaitFirstBytes } from "../../../../src/http/edge/server/first-bytes.ts";

const BODY = Buffer.alloc(3_000_000, "0123456789");
const folder = await mkdtemp(join(tmpdir(), "halligan-first-bytes-"));
after(() => rm(folder, { recursive: true }));
const { keyFile, ca: cert } = await writeSelfMadeCertificate(folder);
const key = await readFile(keyFile, "utf8");

async function listen(t: TestContext, silentMs = 60_000): Promise<{ server: Server; port: number }> {
  const server = createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end(Buffer.concat(chunks));
  });
  awaitFirstBytes(server, silentMs);
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: portOf(server) };
}

function portOf(server: { address(): ReturnType<Server["address"]> }): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return address.port;
}

/** What the server answers to a POST of `BODY`. */
async function echoed(port: number): Promise<Buffer> {
  const socket = connectTls({ port, host: "127.0.0.1", ca: cert });
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${BODY.length}\r\n\r\n`);
  socket.write(BODY);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const answer = Buffer.concat(chunks);
  return answer.subarray(answer.indexOf("\r\n\r\n") + 4);
}

test("a TLS connection carries bodies of any size both ways", async (t) => {
  const { port } = await listen(t);
  assert.deepEqual(await echoed(port), BODY);
});

test("a handshake that comes byte by byte is a handshake", async (t) => {
  const { port } = await listen(t);
  const slow = createTcpServer((client: Socket) => {
    const onward = connect(port, "127.0.0.1").setNoDelay();
    onward.pipe(client);
    let isFirst = true;
    client.on("data", async (chunk: Buffer) => {
      if (!isFirst) {
        onward.write(chunk);
        return;
      }
      isFirst = false;
      client.pause();
      for (const byte of chunk) {
        onward.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.resume();
    });
    client.on("end", () => onward.end()).on("error", () => onward.destroy());
    onward.on("error", () => client.destroy());
  });
  await once(slow.listen(0, "127.0.0.1"), "listening");
  t.after(() => slow.close());
  assert.deepEqual(await echoed(portOf(slow)), BODY);
});

test("who connects and says nothing is cut, and so is who leaves without a word", { timeout: 10_000 }, async (t) => {
  const { server, port } = await listen(t, 50);
  const silent = connect(port, "127.0.0.1");
  silent.on("error", () => undefined);
  await once(silent, "close");
  const leaving = connect(port, "127.0.0.1");
  await once(leaving, "connect");
  leaving.end();
  await once(leaving.resume(), "close");
  server.close();
  await once(server, "close");
});

test("who does not speak TLS is cut", { timeout: 10_000 }, async (t) => {
  const { port } = await listen(t);
  const plain = connect(port, "127.0.0.1");
  plain.on("error", () => undefined);
  plain.write("GET / HTTP/1.1\r\n\r\n");
  await once(plain.resume(), "close");
});
