import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { HANDLING_UNITS } from "../../../src/gateway/frames/frame-rate.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { MACHINE_ID, START_ID, sampleAction } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { type DeviceOnALink, enrolledMachine } from "./connected-device.ts";

/** A machine with one waiting action, and a device that has just received its order. */
async function openGateway() {
  const service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
  const link = await enrolledMachine(service);
  const action = sampleAction({ createdAtMs: service.clock.nowMs(), deadlineMs: service.clock.nowMs() + 1e9 });
  await service.store.write((tx) => tx.actions.insert(action));
  const connected = async (): Promise<DeviceOnALink> => {
    const device = link(gateway);
    await until(() => device.isWelcome, "the welcome frame");
    device.hello();
    await until(() => device.has("helloAnswer"), "the answer to the hello");
    return device;
  };
  const sentTo = async (): Promise<DeviceOnALink> => {
    const device = await connected();
    await until(() => device.has("order"), "an order frame");
    return device;
  };
  const stored = async () => (await service.store.read((tx) => tx.actions.byId(action.id)))?.order;
  const started = { type: "started", actionId: action.id, orderSeq: 1, index: 0, startId: START_ID } as const;
  return {
    service,
    gateway,
    connected,
    sentTo,
    stored,
    started,
    tellStart: async (device: DeviceOnALink) => {
      device.send(started);
      await until(() => device.has("startGranted"), "a startGranted frame");
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

test("the moment at which an order was sent is written with the start, and sending it again on the link changes nothing", async () => {
  await using at = await openGateway();
  const sentAtMs = at.service.clock.nowMs();
  const device = await at.sentTo();
  at.service.clock.pass(700);
  device.frames.length = 0;
  await at.gateway.rereadStore();
  await until(() => device.has("order"), "an order frame");
  assert.equal((await at.stored())?.sentAtMs, null, "no write of its own");
  await at.tellStart(device);
  assert.equal((await at.stored())?.sentAtMs, sentAtMs);
});

test("an order that is sent again on a newer link keeps the moment at which it was sent first", async () => {
  await using at = await openGateway();
  const sentAtMs = at.service.clock.nowMs();
  const lost = await at.sentTo();
  at.service.clock.pass(700);
  lost.vanish();
  await until(
    async () => (await at.service.store.read((tx) => tx.machines.byId(MACHINE_ID)))?.linked === false,
    "the disconnected machine",
  );
  assert.equal((await at.stored())?.sentAtMs, sentAtMs);
  await at.tellStart(await at.sentTo());
  assert.equal((await at.stored())?.sentAtMs, sentAtMs);
});

test("an action whose time in the queue is over is not sent, also before the job has ended it", async () => {
  await using at = await openGateway();
  const action = await at.service.store.read((tx) => tx.actions.byId(at.started.actionId));
  assert.ok(action);
  await at.service.store.write((tx) => tx.actions.save(action, { ...action, deadlineMs: at.service.clock.nowMs() }));
  const device = await at.connected();
  device.ping();
  await until(() => device.has("pong"), "the pong, which comes after the order");
  assert.equal(device.has("order"), false);
});

test("the reports that an order makes due cost no handling units, also when it is sent again; others do", async () => {
  await using at = await openGateway();
  const device = await at.sentTo();
  device.frames.length = 0;
  await at.gateway.rereadStore();
  await until(() => device.has("order"), "the order again");
  const commands = (await at.service.store.read((tx) => tx.actions.byId(at.started.actionId)))?.commands.length ?? 0;
  // A start and an end of each command, and the close.
  const due = 2 * commands + 1;
  const costs = Array.from({ length: due + 1 }, () => device.send(at.started));
  assert.deepEqual(costs, [...Array.from({ length: due }, () => 0), HANDLING_UNITS.started]);
  assert.equal(device.send({ ...at.started, orderSeq: 2 }), HANDLING_UNITS.started, "a report of no order");
});
