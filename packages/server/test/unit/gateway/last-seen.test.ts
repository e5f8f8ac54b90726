import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { MACHINE_ID } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./connected-device.ts";

const PING_INTERVAL_MS = 20_000;

/** A connected device that sent a ping five seconds after its hello. */
async function connectedDevice() {
  const service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: PING_INTERVAL_MS, maxConnections: 10 });
  const device = (await enrolledMachine(service))(gateway);
  await until(() => device.isWelcome, "the welcome frame");
  device.hello();
  await until(() => device.has("helloAnswer"), "the answer to the hello");
  service.clock.pass(5_000);
  device.ping();
  await until(() => device.has("pong"), "the pong");
  const lastSeenMs = async (): Promise<number | undefined> => {
    const machine = () => service.store.read((tx) => tx.machines.byId(MACHINE_ID));
    await until(async () => (await machine())?.linked === false, "the disconnected machine");
    return (await machine())?.lastSeenMs;
  };
  return {
    device,
    clock: service.clock,
    lastSeenMs,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

test("a device that hangs was last seen at its last frame, not when the server noticed", async () => {
  await using at = await connectedDevice();
  const lastFrameMs = at.clock.nowMs();
  at.clock.pass(3 * PING_INTERVAL_MS);
  assert.notEqual(at.device.closeCode, null, "the server has closed the connection");
  assert.equal(await at.lastSeenMs(), lastFrameMs);
});

test("a device whose connection closes was last seen then", async () => {
  await using at = await connectedDevice();
  at.clock.pass(PING_INTERVAL_MS);
  at.device.vanish();
  assert.equal(await at.lastSeenMs(), at.clock.nowMs());
});
