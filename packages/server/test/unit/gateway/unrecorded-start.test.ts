import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_VERSION, type Started } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import type { Caller } from "../../../src/auth/caller.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { reapAllConnections } from "../../../src/service/agents/connection/record-disconnect.ts";
import { MACHINE_ID, START_ID } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { type DeviceOnALink, enrolledMachine } from "./connected-device.ts";

const options = { timeout: 60_000 };
const JOURNAL_ID = "1".repeat(32);
const RECORD_WITHIN_MS = 200;
const process = (digit: string) => digit.repeat(32);
const CALLER: Caller = {
  kind: "application",
  id: "c",
  clientId: "c",
  name: "c",
  roles: new Set(["Machine.LiveResponse"]),
};

/** A connected machine whose device has confirmed its rolling value. */
async function openGateway() {
  const service = await openService();
  const writes = { count: 0 };
  const { write } = service.store;
  const store = {
    ...service.store,
    read: service.store.read.bind(service.store),
    close: service.store.close.bind(service.store),
    write: ((work) => {
      writes.count += 1;
      return write.call(service.store, work);
    }) as typeof write,
  };
  const context = { ...service, store };
  const gateway = new Gateway(context, { pingIntervalMs: 20_000, maxConnections: 10 });
  const link = await enrolledMachine(service, LINK_VERSION);
  const connected = async (
    processId: string,
    rollingValue: string | null,
  ): Promise<DeviceOnALink & { value: string }> => {
    const device = link(gateway);
    await until(() => device.isWelcome, "the welcome frame");
    device.hello({ journalId: JOURNAL_ID, continuity: { processId, rollingValue }, orderKeySet: 0 });
    await until(
      () => device.has("helloAnswer") || device.closeCode !== null,
      "a helloAnswer frame or the end of the connection",
    );
    const answer = device.frames.find((frame) => frame.type === "helloAnswer");
    const value = (answer?.type === "helloAnswer" && answer.rollingValue) || "";
    if (value) device.send({ type: "kept", rollingValue: value });
    await handled(device);
    return Object.assign(device, { value });
  };
  const started = (actionId: string): Started => ({
    type: "started",
    actionId,
    orderSeq: 1,
    index: 0,
    startId: START_ID,
  });
  return {
    service,
    gateway,
    context,
    writes,
    connected,
    started,
    async run(): Promise<string> {
      const accepted = await runLiveResponse(context, CALLER, MACHINE_ID, {
        Comment: "",
        Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: "x.sh" }] }],
      });
      assert.ok(accepted.ok, JSON.stringify(accepted));
      return accepted.value.id;
    },
    stored: (id: string) => service.store.read((tx) => tx.actions.byId(id)),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

async function handled(device: DeviceOnALink): Promise<void> {
  const pongs = () => device.frames.filter(({ type }) => type === "pong").length;
  const before = pongs();
  device.ping();
  await until(() => pongs() > before || device.closeCode !== null, "a pong or the end of the connection");
}

test(
  "an action for a connected machine takes two commits: with its claim, and with its start and its end",
  options,
  async () => {
    await using at = await openGateway();
    const device = await at.connected(process("a"), null);
    at.writes.count = 0;
    const actionId = await at.run();
    assert.equal(at.writes.count, 1);
    await until(() => device.has("order"), "an order frame");
    device.send(at.started(actionId));
    await until(() => device.has("startGranted"), "a startGranted frame");
    assert.deepEqual([at.writes.count, (await at.stored(actionId))?.status], [1, "Pending"], "granted, not recorded");
  },
);

test("a start that was granted is recorded after 200 ms", options, async () => {
  await using at = await openGateway();
  const device = await at.connected(process("a"), null);
  const actionId = await at.run();
  await until(() => device.has("order"), "an order frame");
  const startedAtMs = at.service.clock.nowMs();
  device.send(at.started(actionId));
  await until(() => device.has("startGranted"), "a startGranted frame");
  at.service.clock.pass(RECORD_WITHIN_MS);
  await until(async () => (await at.stored(actionId))?.status === "InProgress", "the status InProgress");
  const command = (await at.stored(actionId))?.commands[0];
  assert.deepEqual([command?.startId, command?.startedAtMs], [START_ID, startedAtMs]);
});

test("another start of a command whose start is recorded is not granted", options, async () => {
  await using at = await openGateway();
  const device = await at.connected(process("a"), null);
  const actionId = await at.run();
  await until(() => device.has("order"), "an order frame");
  device.send(at.started(actionId));
  await until(() => device.has("startGranted"), "a startGranted frame");
  at.service.clock.pass(RECORD_WITHIN_MS);
  await until(async () => (await at.stored(actionId))?.status === "InProgress", "the status InProgress");
  device.frames.length = 0;
  device.send({ ...at.started(actionId), startId: "f".repeat(32) });
  await handled(device);
  assert.equal(device.has("startGranted"), false);
  assert.equal((await at.stored(actionId))?.commands[0]?.startId, START_ID);
});

test(
  "a start that was granted is recorded by the end of its connection, and a device without it does not start it again",
  options,
  async () => {
    await using at = await openGateway();
    const device = await at.connected(process("a"), null);
    const actionId = await at.run();
    await until(() => device.has("order"), "an order frame");
    device.send(at.started(actionId));
    await until(() => device.has("startGranted"), "a startGranted frame");
    device.vanish();
    await until(async () => (await at.stored(actionId))?.status === "InProgress", "the status InProgress");
    const back = await at.connected(process("b"), device.value);
    assert.equal((await at.stored(actionId))?.status, "Failed");
    assert.equal(back.has("order"), false);
  },
);

test("a newer connection of the machine waits until the older one has recorded its start", options, async () => {
  await using at = await openGateway();
  const device = await at.connected(process("a"), null);
  const actionId = await at.run();
  await until(() => device.has("order"), "an order frame");
  device.send(at.started(actionId));
  await until(() => device.has("startGranted"), "a startGranted frame");
  const back = await at.connected(process("a"), device.value);
  assert.equal((await at.stored(actionId))?.commands[0]?.startId, START_ID);
  assert.equal(back.has("order"), false);
});

for (const [name, processId, status] of [
  ["the same process of the device gets its order again", process("a"), "Pending"],
  ["another process of the device does not get the order, because its script may have run", process("b"), "Failed"],
] as const) {
  test(`after the server stopped with an order out, ${name}`, options, async () => {
    await using at = await openGateway();
    const device = await at.connected(process("a"), null);
    const actionId = await at.run();
    await until(() => device.has("order"), "an order frame");
    await reapAllConnections(at.context);
    assert.equal((await at.stored(actionId))?.order?.startInDoubt, process("a"));
    device.vanish();
    const back = await at.connected(processId, device.value);
    if (status === "Pending") await until(() => back.has("order"), "an order frame");
    const action = await at.stored(actionId);
    assert.deepEqual([action?.status, back.has("order")], [status, status === "Pending"]);
    assert.equal(action?.order?.startInDoubt, status === "Pending" ? null : process("a"));
  });
}
