import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, test } from "node:test";
import { LINK_CLOSE, LINK_PATH } from "@halligan/protocol/link";
import { backgroundClock } from "@halligan/protocol/time";
import { until } from "../../../../protocol/test/support/until.ts";
import { connectionStates } from "../../../src/gateway/connection-states.ts";
import { Gateway, type GatewayOptions } from "../../../src/gateway/gateway.ts";
import { WsGateway } from "../../../src/gateway/ws-gateway.ts";
import { refuseUpgrade } from "../../../src/http/edge/response/refuse-upgrade.ts";
import { WsConnection, WsDevice } from "../../support/ws-device.ts";
import { openService } from "../service/service-fixture.ts";

const service = await openService();
after(() => service[Symbol.asyncDispose]());

/** A connection that is wrongly left open must not block the suite. */
const LIMIT = { timeout: 60_000 };

/** A gateway on a real port. All cases share the store; each has separate machines. */
async function listen(options: Partial<GatewayOptions> = {}) {
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10, ...options });
  const sockets = new WsGateway(gateway, { clock: backgroundClock, refuse: refuseUpgrade, framesPerSecond: 200 });
  const http = createServer().on("upgrade", (request, socket, head) => sockets.upgrade(request, socket, head));
  await once(http.listen(0, "127.0.0.1"), "listening");
  const address = http.address();
  assert.ok(address !== null && typeof address === "object");
  const { port } = address;
  return {
    port,
    device: () => WsDevice.enroll(service, port),
    states: () => connectionStates(gateway, sockets),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      await sockets.close();
    },
  };
}

test(
  "a device that takes connection after connection and never says hello leaves the others their places",
  LIMIT,
  async () => {
    await using server = await listen({ maxConnections: 3, handshakesPerMachinePerMinute: 1_000 });
    const hostile = await server.device();
    const taken: WsConnection[] = [];
    for (let n = 0; n < 40; n += 1) {
      const [connection] = await hostile.handshake();
      connection.socket.send('{"type":"ping"}');
      taken.push(connection);
    }
    const honest = [await server.device(), await server.device()];
    for (const device of honest) assert.deepEqual((await device.ready())[1], true);
    await Promise.all(taken.slice(0, -1).map((connection) => connection.ended()));
    assert.deepEqual(new Set(taken.slice(0, -1).map(({ closeCode }) => closeCode)), new Set([LINK_CLOSE.replaced]));
    const { authenticating, ready, unauthenticated } = server.states();
    assert.deepEqual({ authenticating, ready, unauthenticated }, { authenticating: 1, ready: 2, unauthenticated: 0 });

    const last = taken.at(-1);
    assert.ok(last);
    for (let seconds = 0; seconds < 12; seconds += 1) {
      last.socket.send('{"type":"ping"}');
      await last.until(() => last.frames.length > seconds + 1);
      service.clock.pass(1_000);
    }
    await last.ended();
    assert.equal(last.closeCode, LINK_CLOSE.silent, "pings do not take the place of the hello");
    assert.equal(server.states().authenticating, 0);
  },
);

test(
  "a device has its ready connection and one more at most, and the newest becomes the ready one",
  LIMIT,
  async () => {
    await using server = await listen();
    const device = await server.device();
    const [first, isFirstReady] = await device.ready();
    const [second] = await device.handshake();
    const [third] = await device.handshake();
    await second.ended();
    assert.deepEqual([isFirstReady, first.closeCode, second.closeCode], [true, null, LINK_CLOSE.replaced]);
    assert.deepEqual(
      { ...server.states(), closing: 0 },
      { unauthenticated: 0, authenticating: 1, ready: 1, closing: 0 },
    );
    third.socket.send(JSON.stringify(device.hello()));
    assert.ok(await third.until(() => third.has("helloAnswer")));
    await first.ended();
    assert.equal(first.closeCode, LINK_CLOSE.replaced);
  },
);

test("a device that connects in a loop has to wait, before the handshake costs a write", LIMIT, async () => {
  await using server = await listen({ handshakesPerMachinePerMinute: 5 });
  const [device, other] = [await server.device(), await server.device()];
  const codes: (number | null)[] = [];
  for (let n = 0; n < 8; n += 1) {
    const [connection, isReady] = await device.ready();
    if (isReady) connection.socket.close();
    await connection.ended();
    codes.push(connection.closeCode);
  }
  assert.deepEqual(codes.slice(-3), [LINK_CLOSE.tooOften, LINK_CLOSE.tooOften, LINK_CLOSE.tooOften]);
  const machine = await service.store.read((tx) => tx.machines.byId(device.machineId));
  assert.equal(machine?.connectionEpoch, 5);
  assert.ok((await other.ready())[1]);
});

test(
  "an address without a key is refused at its bounds with Retry-After, and takes no place of a machine",
  LIMIT,
  async () => {
    await using server = await listen({ maxConnections: 2, maxUnauthenticatedConnectionsPerAddress: 5 });
    const silent = Array.from({ length: 5 }, () => new WsConnection(server.port, "127.0.0.9"));
    for (const connection of silent) await connection.until(() => connection.challenge !== null);
    const refused = new WsConnection(server.port, "127.0.0.9");
    await refused.ended();
    assert.deepEqual([refused.status, refused.retryAfter], [429, "5"]);
    for (const device of [await server.device(), await server.device()]) assert.ok((await device.ready())[1]);
    service.clock.pass(5_000);
    await Promise.all(silent.map((connection) => connection.ended()));
    assert.equal(server.states().unauthenticated, 0);
  },
);

test("a hundred devices behind one address come back at once within the defaults", LIMIT, async () => {
  await using server = await listen({ maxConnections: 100 });
  const devices = await Promise.all(Array.from({ length: 100 }, () => server.device()));
  for (let round = 0; round < 2; round += 1) {
    const links = await Promise.all(devices.map((device) => device.ready()));
    assert.ok(
      links.every(([, isReady]) => isReady),
      `round ${round}`,
    );
    for (const [{ socket }] of links) socket.terminate();
    for (const [connection] of links) await connection.ended();
  }
});

test("a hello that is too large ends its connection before it is parsed or held", LIMIT, async () => {
  await using server = await listen();
  const device = await server.device();
  const [parsed] = await device.handshake();
  parsed.socket.send(`${JSON.stringify(device.hello())}${" ".repeat(513 * 1024)}`);
  await parsed.ended();
  assert.ok(
    [LINK_CLOSE.protocol, 1006].some((code) => code === parsed.closeCode),
    String(parsed.closeCode),
  );
  const [held] = await device.handshake();
  // A frame that never ends is cut by the number of received bytes, not by its announced size.
  held.socket.send("x".repeat(530 * 1024), { fin: false });
  await held.ended();
  assert.equal(held.closeCode, 1006);
});

test("a device that pings without pause is read slowly, and does not lose its connection", LIMIT, async () => {
  await using server = await listen();
  const device = await server.device();
  const [connection, isReady] = await device.ready();
  assert.ok(isReady);
  for (let n = 0; n < 250; n += 1) connection.socket.send('{"type":"ping"}');
  await connection.until(() => connection.frames.length >= 150);
  for (let n = 0; n < 250; n += 1) connection.socket.send('{"type":"ping"}');
  const begunMs = performance.now();
  assert.ok(await connection.until(() => connection.frames.length >= 450));
  assert.ok(performance.now() - begunMs > 200, "frames beyond the rate wait for the next second");
});

test("a socket that asks for an upgrade and then says nothing is cut", LIMIT, async () => {
  await using server = await listen();
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(
    `GET ${LINK_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`,
  );
  await once(socket, "data");
  assert.equal(server.states().unauthenticated, 1);
  service.clock.pass(5_000);
  // The device never answers the close frame, and the server destroys the connection after its
  // grace.
  socket.resume();
  await once(socket, "close");
  await until(() => server.states().closing === 0, "the end of the closing connection");
  assert.deepEqual(server.states(), { unauthenticated: 0, authenticating: 0, ready: 0, closing: 0 });
});
