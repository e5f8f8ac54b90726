import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentFrame, Order, ServerFrame } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import { boundEndsMs } from "../../../src/domain/actions/action-bound.ts";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { expireActions, OVERDUE_FOR_MS, type OverdueSince } from "../../../src/service/actions/expire-actions.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { PLAYBOOK } from "../../support/test-services.ts";
import { MACHINE_ID, sampleMachine } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { type DeviceOnALink, enrolledMachine } from "./connected-device.ts";

const PING_MS = 20_000;
const OTHER_MACHINE_ID = "c".repeat(40);
const LIMIT = { timeout: 60_000 };
const request = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };

/** A device with an order, in a deployment with one slot; `otherActionId` waits for the slot. */
async function openOrder() {
  const service = await openService();
  service.limits = { ...service.limits, runningSessions: 1 };
  const { store, clock } = service;
  const connect = await enrolledMachine(service);
  let gateway = new Gateway(service, { pingIntervalMs: PING_MS, maxConnections: 10 });
  const overdue: { since: OverdueSince } = { since: new Map() };
  const start = async (machineId: string): Promise<string> => {
    const started = await runLiveResponse(service, PLAYBOOK, machineId, request);
    assert.ok(started.ok, JSON.stringify(started));
    return started.value.id;
  };
  const action = async (id: string): Promise<MachineAction> => {
    const found = await store.read((tx) => tx.actions.byId(id));
    assert.ok(found);
    return found;
  };
  const ready = async (orders: { actionId: string; orderSeq: number }[] = []): Promise<DeviceOnALink> => {
    const device = connect(gateway);
    await until(() => device.has("welcome"), "a welcome frame");
    const highestOrderSeq = Math.max(0, ...orders.map(({ orderSeq }) => orderSeq));
    const held = orders.map((order) => ({ ...order, commands: [{ index: 0, state: "running" as const }] }));
    device.hello({ highestOrderSeq, orders: held });
    await until(() => device.has("helloAnswer"), "a helloAnswer frame");
    return device;
  };
  await store.write((tx) => tx.machines.insert(sampleMachine({ id: OTHER_MACHINE_ID, linked: false })));
  return {
    service,
    start,
    action,
    ready,
    orderOf,
    /** Advances the time. Deadlines are checked every 10 s of it. */
    async pass(ms: number, each: () => Promise<void> = async () => undefined): Promise<void> {
      for (let passedMs = 0; passedMs < ms; passedMs += 10_000) {
        clock.pass(10_000);
        await each();
        await expireActions(service, overdue.since);
      }
    },
    async restart(): Promise<void> {
      await gateway.close();
      gateway = new Gateway(service, { pingIntervalMs: PING_MS, maxConnections: 10 });
      overdue.since = new Map();
    },
    slotsInUse: () => store.read((tx) => tx.actions.slotsInUse(clock.nowMs())),
    [Symbol.asyncDispose]: async () => {
      await gateway.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

async function orderOf(device: DeviceOnALink): Promise<{ actionId: string; orderSeq: number }> {
  let frame: Extract<ServerFrame, { type: "order" }> | undefined;
  await until(() => {
    frame = device.frames.findLast((one) => one.type === "order");
    return frame !== undefined;
  }, "an order frame");
  const { actionId, orderSeq }: Order = JSON.parse(frame?.payload ?? "");
  return { actionId, orderSeq };
}

const startOf = (order: { actionId: string; orderSeq: number }): AgentFrame => ({
  type: "started",
  ...order,
  index: 0,
  startId: "e".repeat(32),
});
const endOf = (order: { actionId: string; orderSeq: number }, error: string): AgentFrame => ({
  type: "ended",
  ...order,
  index: 0,
  outcome: "failed",
  errors: [error],
  result: null,
});

test(
  "a device that runs without end, pings and reconnects does not move its action's bound, and loses the slot",
  LIMIT,
  async () => {
    await using at = await openOrder();
    let device = await at.ready();
    const id = await at.start(MACHINE_ID);
    const order = await orderOf(device);
    device.send(startOf(order));
    await until(async () => (await at.action(id)).status === "InProgress", "the status InProgress");
    const { bound } = await at.action(id);
    assert.ok(bound);
    const lengthMs = boundEndsMs(bound) - at.service.clock.nowMs();

    let reconnects = 0;
    await at.pass(lengthMs - 20_000, async () => {
      device.vanish();
      await until(
        async () => (await at.service.store.read((tx) => tx.machines.byId(MACHINE_ID)))?.linked === false,
        "the disconnected machine",
      );
      device = await at.ready([order]);
      device.ping();
      device.send(startOf(order));
      reconnects += 1;
    });
    assert.ok(reconnects > 5);
    assert.deepEqual(await at.action(id).then(({ status, bound: b }) => [status, b && boundEndsMs(b)]), [
      "InProgress",
      boundEndsMs(bound),
    ]);
    await at.restart();
    device = await at.ready([order]);
    await at.pass(OVERDUE_FOR_MS + 30_000, async () => device.ping());

    const ended = await at.action(id);
    assert.deepEqual([ended.status, ended.order?.state], ["TimeOut", "out"]);
    assert.match(ended.commands[0]?.errors.join() ?? "", /did not end this command within the time/);
    assert.equal(await at.slotsInUse(), 0);
    await until(() => device.has("end"), "a end frame");
    device.send(endOf(order, "late"));
    device.send({ type: "closed", ...order, errors: [] });
    await until(async () => (await at.action(id)).order?.state === "closed", "the closed order");
    const late = await at.action(id);
    assert.deepEqual([late.status, late.commands[0]?.errors], ["TimeOut", ended.commands[0]?.errors]);
  },
);

test("a device that always refuses its order as busy, or never starts it, loses the slot too", LIMIT, async () => {
  await using at = await openOrder();
  const device = await at.ready();
  const id = await at.start(MACHINE_ID);
  const order = await orderOf(device);
  const { bound } = await at.action(id);
  assert.ok(bound);
  await at.pass(boundEndsMs(bound) - at.service.clock.nowMs() + OVERDUE_FOR_MS + 10_000, async () => {
    device.send({ type: "refused", ...order, code: "busy", message: "later" });
    device.ping();
    const seen = device.frames.length;
    await until(() => device.frames.length > seen, "another frame");
  });
  assert.equal((await at.action(id)).status, "TimeOut");
  assert.equal(await at.slotsInUse(), 0);

  // The device does not confirm the end, so the next order is not sent. The bound of the next
  // action's slot still holds.
  const next = await at.start(MACHINE_ID);
  assert.equal(await at.slotsInUse(), 1);
  const { bound: nextBound } = await at.action(next);
  assert.ok(nextBound);
  await at.pass(boundEndsMs(nextBound) - at.service.clock.nowMs() + OVERDUE_FOR_MS + 10_000, async () => device.ping());
  assert.deepEqual([(await at.action(next)).status, await at.slotsInUse()], ["TimeOut", 0]);
});

test("a device that was away for hours has the time of its commands when it is back", LIMIT, async () => {
  await using at = await openOrder();
  const before = await at.ready();
  const id = await at.start(MACHINE_ID);
  const order = await orderOf(before);
  before.send(startOf(order));
  await until(async () => (await at.action(id)).status === "InProgress", "the status InProgress");
  before.vanish();
  await until(async () => (await at.action(id)).deadlineMs !== null, "the deadline of the action");
  await at.pass(6 * 3_600_000);
  assert.deepEqual([(await at.action(id)).status, await at.slotsInUse()], ["InProgress", 0]);
  const device = await at.ready([order]);
  const { bound } = await at.action(id);
  assert.ok(bound && boundEndsMs(bound) > at.service.clock.nowMs() + at.service.limits.actionGraceMs);
  device.send(endOf(order, "no such file"));
  await until(async () => (await at.action(id)).status === "Failed", "the status Failed");
});

test("a device that connects again and again without a hello does not keep its lost action open", LIMIT, async () => {
  await using at = await openOrder();
  at.service.limits = { ...at.service.limits, queueTimeoutMs: 60_000, lostMachineTimeoutMs: 120_000 };
  const device = await at.ready();
  const id = await at.start(MACHINE_ID);
  const order = await orderOf(device);
  device.send(startOf(order));
  await until(async () => (await at.action(id)).status === "InProgress", "the status InProgress");
  device.vanish();
  await until(async () => (await at.action(id)).deadlineMs !== null, "the deadline of the action");
  // The state after a handshake: connected, without a hello.
  await at.service.store.write(async (tx) => {
    const machine = await tx.machines.byId(MACHINE_ID);
    assert.ok(machine);
    await tx.machines.save(machine, { ...machine, linked: true });
  });
  const { bound } = await at.action(id);
  assert.ok(bound);
  await at.pass(bound.latestMs - at.service.clock.nowMs() + OVERDUE_FOR_MS + 20_000);
  assert.equal((await at.action(id)).status, "TimeOut");
});
