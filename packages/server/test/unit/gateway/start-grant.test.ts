import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_CLOSE, type ServerFrame, type Started } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import type { Caller } from "../../../src/auth/caller.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { cancelMachineAction } from "../../../src/service/actions/cancel-machine-action.ts";
import { MACHINE_ID, START_ID, sampleAction, sampleCommand, sampleOrder } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { type DeviceOnALink, enrolledMachine } from "./connected-device.ts";

const JOURNAL_ID = "1".repeat(32);
const CALLER: Caller = { kind: "application", id: "c", clientId: "c", name: "c", roles: new Set() };

/**
 * A machine whose order of one script and one transfer is out, and functions that connect its
 * devices.
 */
async function openGateway() {
  const service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
  const link = await enrolledMachine(service);
  const order = sampleOrder({ journalId: JOURNAL_ID });
  const commands = [sampleCommand(), sampleCommand({ type: "GetFile", params: [{ key: "Path", value: "/x" }] })];
  const action = sampleAction({ order, commands });
  const { id: actionId } = action;
  await service.store.write((tx) => tx.actions.insert(action));
  const linked = async (state: "waiting" | "running" = "waiting"): Promise<DeviceOnALink> => {
    const device = link(gateway);
    await until(() => device.isWelcome, "the welcome frame");
    const held = { actionId, orderSeq: order.orderSeq, commands: [{ index: 0, state }] };
    device.hello({ journalId: JOURNAL_ID, highestOrderSeq: order.orderSeq, orders: [held] });
    await until(() => device.has("helloAnswer"), "a helloAnswer frame");
    return device;
  };
  const started = (startId: string, index = 0): Started => ({
    type: "started",
    actionId,
    orderSeq: order.orderSeq,
    index,
    startId,
  });
  return {
    service,
    actionId,
    linked,
    started,
    stored: () => service.store.read((tx) => tx.actions.byId(actionId)),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

const grants = ({ frames }: DeviceOnALink): ServerFrame[] => frames.filter(({ type }) => type === "startGranted");

/**
 * Frames are handled one after another, so all frames before a ping were answered when the pong
 * arrives.
 */
async function answered(device: DeviceOnALink): Promise<void> {
  const pongs = () => device.frames.filter(({ type }) => type === "pong").length;
  const before = pongs();
  device.ping();
  await until(() => pongs() > before || device.closeCode !== null, "a pong or the end of the connection");
}

test("a script's start is recorded and granted, and the same start again, on a newer link too, is the same", async () => {
  await using at = await openGateway();
  const grant = { ...at.started(START_ID), type: "startGranted" };
  const first = await at.linked();
  first.send(at.started(START_ID));
  first.send(at.started(START_ID));
  await answered(first);
  assert.deepEqual(grants(first), [grant, grant]);
  const recorded = await at.stored();
  assert.deepEqual([recorded?.commands[0]?.startId, recorded?.commands[0]?.status], [START_ID, "Executing"]);
  const second = await at.linked("running");
  second.send(at.started(START_ID));
  await answered(second);
  assert.deepEqual(grants(second), [grant]);
  assert.equal((await at.stored())?.version, recorded?.version, "a repeated start writes nothing");
});

test("another start of the same command is never granted: two devices use the key, and the machine is quarantined", async () => {
  await using at = await openGateway();
  const original = await at.linked();
  original.send(at.started(START_ID));
  await answered(original);
  const copy = await at.linked("running");
  copy.send(at.started("f".repeat(32)));
  await answered(copy);
  assert.deepEqual([grants(copy), copy.closeCode], [[], LINK_CLOSE.quarantined]);
  const machine = await at.service.store.read((tx) => tx.machines.byId(MACHINE_ID));
  assert.equal(machine?.quarantined, true);
  assert.equal((await at.stored())?.status, "Failed");
});

test("a start that comes after its action was cancelled is not granted, and the device has to end it", async () => {
  await using at = await openGateway();
  const device = await at.linked();
  assert.ok((await cancelMachineAction(at.service, CALLER, at.actionId, "no longer wanted")).ok);
  device.send(at.started(START_ID));
  await answered(device);
  await until(() => device.has("end"), "a end frame");
  assert.deepEqual([grants(device), device.closeCode], [[], null]);
});

test("a transfer waits for no grant and gets none", async () => {
  await using at = await openGateway();
  const device = await at.linked();
  device.send(at.started(START_ID));
  const ref = { actionId: at.actionId, orderSeq: sampleOrder().orderSeq, index: 0 };
  const result = { kind: "inline", transcript: "{}" } as const;
  device.send({ type: "ended", ...ref, outcome: "completed", errors: [], result });
  device.send(at.started("d".repeat(32), 1));
  await answered(device);
  assert.equal((await at.stored())?.commands[1]?.status, "Executing");
  assert.equal(grants(device).length, 1);
});
