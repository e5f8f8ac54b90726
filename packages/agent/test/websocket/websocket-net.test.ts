import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { LINK_PATH, MAX_FRAME_BYTES } from "@halligan/protocol/link";
import { userAgent } from "@halligan/protocol/version";
import { type WebSocket, WebSocketServer } from "ws";
import { LIMITS } from "../../src/limits.ts";
import { agentNetwork } from "../../src/network/agent-network.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { webSocketNet } from "../../src/websocket/websocket-net.ts";

const options = { timeout: 30_000 };
/**
 * So many short messages come in one piece that they are more than what is kept, however fast they
 * are read.
 */
const FLOOD = 40 * LIMITS.maxQueuedFrames;
const never = new AbortController().signal;

/** A server of the package `ws`, which is another implementation than ours. */
async function serverThat(serve: (socket: WebSocket, request: IncomingMessage) => void) {
  const server = createServer((_request, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ server, path: LINK_PATH, maxPayload: 64 * 1024 * 1024 });
  sockets.on("connection", serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    net: webSocketNet(url, agentNetwork({}, DEFAULT_SETTINGS)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("a connection names the agent, its version and its commit", options, async () => {
  const opened = Promise.withResolvers<string | undefined>();
  await using server = await serverThat((_socket, request) => opened.resolve(request.headers["user-agent"]));
  const connection = await server.net.connect(never);
  assert.equal(await opened.promise, userAgent("halligan-agent"));
  connection.close();
});

test("messages of every size travel both ways, and pings are answered", options, async () => {
  const pongs: string[] = [];
  await using server = await serverThat((socket) => {
    socket.ping("are you there");
    socket.on("pong", (data) => pongs.push(data.toString()));
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const connection = await server.net.connect(never);
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_500_000]) {
    const text = "ü".repeat(size / 2) + "x".repeat(size % 2);
    connection.sendText(text);
    assert.deepEqual(await connection.receive(never), { kind: "text", text });
    const bytes = new Uint8Array(size).fill(size);
    connection.sendBinary(bytes);
    assert.deepEqual(await connection.receive(never), { kind: "binary", bytes });
  }
  assert.deepEqual(pongs, ["are you there"]);
  connection.close();
  assert.equal((await connection.receive(never)).kind, "closed");
});

test(
  "the server's close code and reason arrive behind what it sent before, and the server gets the code back",
  options,
  async () => {
    const closed = Promise.withResolvers<number>();
    await using server = await serverThat((socket) => {
      socket.on("close", (code) => closed.resolve(code));
      socket.send("last");
      socket.close(4409, "a newer link");
    });
    const connection = await server.net.connect(never);
    assert.deepEqual(await connection.receive(never), { kind: "text", text: "last" });
    const end = { kind: "closed", code: 4409, reason: "a newer link" };
    assert.deepEqual(await connection.receive(never), end);
    assert.deepEqual(await connection.receive(never), end);
    assert.equal(await closed.promise, 4409);
  },
);

test("our own close arrives as 1000, and a cut connection is 1006", options, async () => {
  const closed = Promise.withResolvers<number>();
  let count = 0;
  await using server = await serverThat((socket) => {
    if (++count === 2) return socket.terminate();
    socket.on("close", (code) => closed.resolve(code));
  });
  (await server.net.connect(never)).close();
  assert.equal(await closed.promise, 1000);
  const cut = await (await server.net.connect(never)).receive(never);
  assert.equal(cut.kind === "closed" && cut.code, 1006);
});

test("a server that floods, or sends a message that is too long, is not read on", options, async () => {
  let count = 0;
  await using server = await serverThat((socket) => {
    if (++count === 1) for (let i = 0; i < FLOOD; i++) socket.send("x");
    else socket.send("x".repeat(MAX_FRAME_BYTES + 1));
  });
  for (const reason of [/sent more than the agent accepts/, /broke the WebSocket protocol: a message has more than/]) {
    const connection = await server.net.connect(never);
    let received = await connection.receive(never);
    while (received.kind !== "closed") received = await connection.receive(never);
    assert.match(received.reason, reason);
    assert.equal(received.code, 1006);
  }
});

test("the error distinguishes a server without WebSocket from one that cannot be reached", options, async () => {
  await using server = await serverThat(() => undefined);
  const wrong = webSocketNet(`${server.url}/elsewhere`, agentNetwork({}, DEFAULT_SETTINGS));
  await assert.rejects(wrong.connect(never), /answered with HTTP 4\d\d instead of a WebSocket/);
  const gone = webSocketNet("http://127.0.0.1:1", agentNetwork({}, DEFAULT_SETTINGS));
  await assert.rejects(gone.connect(never), /could not be reached: nothing listens at this address/);
});

test("a connection that is not wanted any more is given up with the signal's reason", options, async () => {
  const silent = createServer();
  silent.on("upgrade", () => undefined);
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const stop = new AbortController();
  const connecting = webSocketNet(`http://127.0.0.1:${port}`, agentNetwork({}, DEFAULT_SETTINGS)).connect(stop.signal);
  silent.once("upgrade", () => stop.abort(new Error("enough")));
  await assert.rejects(connecting, /enough/);
  silent.closeAllConnections();
  silent.close();
});
