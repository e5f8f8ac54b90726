import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { LINK_CLOSE, LINK_PATH } from "@halligan/protocol/link";
import { backgroundClock, type Clock } from "@halligan/protocol/time";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { WsGateway } from "../../../src/gateway/ws-gateway.ts";
import { HandClock, openService } from "../service/service-fixture.ts";

/** Less than the 30 s that `ws` waits for the close frame of the other side. */
const GRACE_MS = 2_000;

async function listen({ clock = backgroundClock, framesPerSecond }: { clock?: Clock; framesPerSecond?: number } = {}) {
  const service = await openService();
  const gateway = new WsGateway(new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 }), {
    clock,
    ...(framesPerSecond !== undefined && { framesPerSecond }),
    refuse: (socket) => socket.destroy(),
  });
  const http = createServer().on("upgrade", (request, socket, head) => gateway.upgrade(request, socket, head));
  await once(http.listen(0, "127.0.0.1"), "listening");
  const address = http.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

/** Sends just enough to be accepted as a WebSocket, and never a close frame. */
async function rudeClient(port: number): Promise<{ socket: Socket; received: () => Buffer }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  let received = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
  });
  const key = Buffer.alloc(16).toString("base64");
  socket.write(
    `GET ${LINK_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  return { socket, received: () => received };
}

/** A masked text frame of two bytes, which is out of turn before the challenge is answered. */
const OUT_OF_TURN = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]);
const closeFrame = (code: number) => Buffer.from([0x88, 0, code >> 8, code & 0xff]);

function hasClosed(received: Buffer): boolean {
  const code = closeFrame(LINK_CLOSE.protocol).subarray(2);
  const at = received.lastIndexOf(code);
  return at >= 2 && received[at - 2] === 0x88;
}

test("a closed link whose device does not say goodbye is cut after a grace", { timeout: 20_000 }, async (t) => {
  await using server = await listen();
  const { socket, received } = await rudeClient(server.port);
  while (!received().includes("\r\n\r\n")) await once(socket, "data");
  t.mock.timers.enable({ apis: ["setTimeout"] });
  socket.write(OUT_OF_TURN);
  while (!hasClosed(received())) await once(socket, "data");
  const closed = once(socket, "close");
  t.mock.timers.tick(GRACE_MS);
  await closed;
});

const CONTROL_FRAMES = { ping: 0x89, pong: 0x8a } as const;
const controlFrame = (opcode: number) => Buffer.from([opcode, 0x80, 0, 0, 0, 0]);

/**
 * When the server has answered some pings of another connection, it has read what was sent before,
 * and its answers have arrived.
 */
async function settle({ socket }: { socket: Socket }): Promise<void> {
  for (let ping = 0; ping < 5; ping += 1) {
    socket.write(controlFrame(CONTROL_FRAMES.ping));
    await once(socket, "data");
  }
}

for (const [name, opcode] of Object.entries(CONTROL_FRAMES)) {
  test(`a connection that sends too many ${name} frames is not read until the next second`, {
    timeout: 20_000,
  }, async (t) => {
    const clock = new HandClock();
    await using server = await listen({ clock, framesPerSecond: 12 });
    const [flooding, quiet] = [await rudeClient(server.port), await rudeClient(server.port)];
    for (const { socket, received } of [flooding, quiet]) {
      t.after(() => socket.destroy());
      while (!received().includes("\r\n\r\n")) await once(socket, "data");
    }
    await settle(quiet);
    flooding.socket.write(Buffer.concat(Array.from({ length: 20 }, () => controlFrame(opcode))));
    await settle(quiet);
    flooding.socket.write(OUT_OF_TURN);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(hasClosed(flooding.received()), false);
    clock.pass(1_000);
    while (!hasClosed(flooding.received())) await once(flooding.socket, "data");
  });
}
