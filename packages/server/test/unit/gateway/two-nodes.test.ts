import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_CLOSE, LINK_VERSION, OLDEST_LINK_VERSION } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import type { Bus, NewerConnection } from "../../../src/bus/bus.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { MACHINE_ID, sampleAction, sampleOrder } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./connected-device.ts";

const PING_INTERVAL_MS = 20_000;
const OWN = "1".repeat(32);
const OTHER = "2".repeat(32);

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
async function turns(): Promise<void> {
  for (let count = 0; count < 50; count += 1) await turn();
}

/** Two gateways on one store, which notify each other of connections. The hint may be lost. */
async function openNodes({ hintsArrive = true, version = OLDEST_LINK_VERSION } = {}) {
  const service = await openService();
  const listeners: ((link: NewerConnection) => void)[][] = [[], []];
  const busOf = (own: number): Bus => ({
    ...service.bus,
    announceConnection: (link) => {
      for (const listener of hintsArrive ? (listeners[1 - own] ?? []) : []) queueMicrotask(() => listener(link));
    },
    onConnectionAnnounced: (listener) => {
      listeners[own]?.push(listener);
      return () => undefined;
    },
  });
  const options = { pingIntervalMs: PING_INTERVAL_MS, maxConnections: 10 };
  const [here, there] = [
    new Gateway({ ...service, node: { id: "here" }, bus: busOf(0) }, options),
    new Gateway({ ...service, node: { id: "there" }, bus: busOf(1) }, options),
  ];
  const link = await enrolledMachine(service, version);
  const dialled = async (gateway: Gateway, journalId: string, processId = "c".repeat(32)) => {
    const device = link(gateway);
    await until(() => device.isWelcome, "the welcome frame");
    const continuity = { processId, rollingValue: null };
    device.hello({ journalId, ...(version > OLDEST_LINK_VERSION && { continuity }) });
    return device;
  };
  const machine = () => service.store.read((tx) => tx.machines.byId(MACHINE_ID));
  return {
    service,
    here,
    there,
    dialled,
    machine,
    /** What any client of the bus may send to the node `here`. */
    forge: (link: NewerConnection) => {
      for (const listener of listeners[0] ?? []) listener(link);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([here.close(), there.close()]);
      await service[Symbol.asyncDispose]();
    },
  };
}

test("a device that moves to another node is served there at once, and its older link is closed", async () => {
  await using at = await openNodes();
  const before = await at.dialled(at.here, OWN);
  await until(() => before.has("helloAnswer"), "a helloAnswer frame");
  const moved = await at.dialled(at.there, OWN);
  await until(() => moved.has("helloAnswer"), "a helloAnswer frame");
  await until(() => before.closeCode !== null, "the end of the connection");
  assert.equal(before.closeCode, LINK_CLOSE.replaced);
  assert.deepEqual([(await at.machine())?.nodeId, (await at.machine())?.linked], ["there", true]);
});

for (const version of [OLDEST_LINK_VERSION, LINK_VERSION]) {
  test(`a bus message about a connection that the store does not know changes nothing, link version ${version}`, async () => {
    await using at = await openNodes({ version });
    const device = await at.dialled(at.here, OWN);
    await until(() => device.has("helloAnswer"), "a helloAnswer frame");
    const machineId = MACHINE_ID;
    const connectionEpoch = Number.MAX_SAFE_INTEGER;
    at.forge({ machineId, connectionEpoch, journalId: OTHER, processId: "d".repeat(32) });
    at.forge({ machineId, connectionEpoch, journalId: OWN, processId: "c".repeat(32) });
    await turns();
    device.ping();
    await turns();
    assert.equal(device.has("probe"), false);
    assert.equal(device.closeCode, null);
    assert.deepEqual([(await at.machine())?.quarantined, (await at.machine())?.linked], [false, true]);
  });
}

test("when the hint is lost, the older link is closed as soon as its node looks at it", async () => {
  await using at = await openNodes({ hintsArrive: false });
  const before = await at.dialled(at.here, OWN);
  await until(() => before.has("helloAnswer"), "a helloAnswer frame");
  const moved = await at.dialled(at.there, OWN);
  await until(() => moved.has("helloAnswer"), "a helloAnswer frame");
  assert.equal(before.closeCode, null);
  at.service.bus.wakeMachine(MACHINE_ID);
  await until(() => before.closeCode !== null, "the end of the connection");
  assert.equal(before.closeCode, LINK_CLOSE.replaced);
  assert.equal((await at.machine())?.linked, true);
});

test("two living devices with one key on two nodes put the machine in quarantine", async () => {
  await using at = await openNodes();
  await at.service.store.write((tx) =>
    tx.actions.insert(sampleAction({ status: "InProgress", order: sampleOrder({ journalId: OWN }) })),
  );
  const first = await at.dialled(at.here, OWN);
  await until(() => first.has("helloAnswer"), "a helloAnswer frame");
  const second = await at.dialled(at.there, OTHER);
  await turns();
  assert.equal(second.has("helloAnswer"), false);
  first.ping();
  await until(async () => (await at.machine())?.quarantined === true, "the quarantine");
  at.service.clock.pass(PING_INTERVAL_MS + 1_000);
  await until(() => first.closeCode !== null && second.closeCode !== null, "the end of both connections");
  assert.equal(first.closeCode, LINK_CLOSE.quarantined);
  assert.equal(second.has("helloAnswer"), false);
});

test("a wiped device whose older link on another node is dead is let in after a ping interval", async () => {
  await using at = await openNodes();
  const before = await at.dialled(at.here, OWN);
  await until(() => before.has("helloAnswer"), "a helloAnswer frame");
  const wiped = await at.dialled(at.there, OTHER);
  await turns();
  assert.equal(wiped.has("helloAnswer"), false);
  at.service.clock.pass(PING_INTERVAL_MS + 1_000);
  await until(() => wiped.has("helloAnswer"), "a helloAnswer frame");
  assert.equal((await at.machine())?.quarantined, false);
  assert.equal(before.closeCode, LINK_CLOSE.replaced);
});

test("two living processes with one journal on two nodes put the machine in quarantine, the newer one unanswered", async () => {
  await using at = await openNodes({ version: LINK_VERSION });
  const original = await at.dialled(at.here, OWN);
  await until(() => original.has("helloAnswer"), "a helloAnswer frame");
  const copy = await at.dialled(at.there, OWN, "d".repeat(32));
  await until(() => original.has("probe"), "a probe frame");
  const probe = original.frames.find((frame) => frame.type === "probe");
  assert.ok(probe?.type === "probe");
  original.send({ type: "probeAnswer", nonce: probe.nonce });
  await until(async () => (await at.machine())?.quarantined === true, "the quarantine");
  at.service.clock.pass(PING_INTERVAL_MS);
  await until(() => original.closeCode !== null && copy.closeCode !== null, "the end of both connections");
  assert.deepEqual([original.closeCode, copy.has("helloAnswer")], [LINK_CLOSE.quarantined, false]);
});

test("a process that was started again is served on another node once its older link did not answer there", async () => {
  await using at = await openNodes({ version: LINK_VERSION });
  const before = await at.dialled(at.here, OWN);
  await until(() => before.has("helloAnswer"), "a helloAnswer frame");
  const restarted = await at.dialled(at.there, OWN, "d".repeat(32));
  await until(() => before.has("probe"), "a probe frame");
  at.service.clock.pass(PING_INTERVAL_MS);
  await until(() => restarted.has("helloAnswer"), "a helloAnswer frame");
  assert.equal((await at.machine())?.quarantined, false);
  assert.equal(before.closeCode, LINK_CLOSE.replaced);
});
