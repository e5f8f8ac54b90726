import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_CLOSE } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { domainRefusal } from "../../../src/http/api/errors/errors.ts";
import { quarantineByHand } from "../../../src/service/machines/quarantine-by-hand.ts";
import { PLAYBOOK } from "../../support/test-services.ts";
import { MACHINE_ID, sampleAction, sampleOrder } from "../domain/sample-action.ts";
import { openService, type Service } from "../service/service-fixture.ts";
import { type DeviceOnALink, enrolledMachine } from "./connected-device.ts";

const PING_INTERVAL_MS = 20_000;
const OWN = "1".repeat(32);
const OTHER = "2".repeat(32);

const EVERY_RECORD = { operations: null, actionId: null, actorId: null, beforeSeq: null, limit: 10 };

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
/** Long enough for everything that waits for no clock. */
async function turns(): Promise<void> {
  for (let count = 0; count < 50; count += 1) await turn();
}

async function openGateway() {
  const service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: PING_INTERVAL_MS, maxConnections: 10 });
  const link = await enrolledMachine(service);
  const connect = () => link(gateway);
  const welcomed = async (): Promise<DeviceOnALink> => {
    const device = connect();
    await until(() => device.isWelcome, "the welcome frame");
    return device;
  };
  const linked = async (journalId: string): Promise<DeviceOnALink> => {
    const device = await welcomed();
    device.hello({ journalId });
    await until(() => device.has("helloAnswer"), "a helloAnswer frame");
    return device;
  };
  const dispose = async () => {
    await gateway.close();
    await service[Symbol.asyncDispose]();
  };
  return { service, connect, welcomed, linked, [Symbol.asyncDispose]: dispose };
}

const isQuarantined = async ({ store }: Service): Promise<boolean> =>
  (await store.read((tx) => tx.machines.byId(MACHINE_ID)))?.quarantined === true;

test("two living devices with one key and two journals put the machine in quarantine, and both are notified", async () => {
  await using at = await openGateway();
  await at.service.store.write((tx) =>
    tx.actions.insert(sampleAction({ status: "InProgress", order: sampleOrder({ journalId: OWN }) })),
  );
  const first = await at.linked(OWN);
  const second = await at.welcomed();
  second.hello({ journalId: OTHER });
  await turns();
  assert.equal(second.has("helloAnswer"), false);
  first.ping();
  await until(() => first.closeCode !== null && second.closeCode !== null, "the end of both connections");
  assert.deepEqual([first.closeCode, second.closeCode], [LINK_CLOSE.quarantined, LINK_CLOSE.quarantined]);
  assert.equal(await isQuarantined(at.service), true);
  const action = await at.service.store.read((tx) => tx.actions.byId(sampleAction().id));
  assert.deepEqual([action?.status, action?.order?.state], ["Failed", "closed"]);
  const third = at.connect();
  await until(() => third.closeCode !== null, "the end of the connection");
  assert.equal(third.closeCode, LINK_CLOSE.quarantined);
});

test("a device in quarantine by hand is refused with the true reason, and so are its actions", async () => {
  await using at = await openGateway();
  const device = await at.linked(OWN);
  assert.ok((await quarantineByHand(at.service, PLAYBOOK, MACHINE_ID, "under investigation")).ok);
  await until(() => device.closeCode !== null, "the end of the connection");
  assert.deepEqual([device.closeCode, device.closeReason], [LINK_CLOSE.quarantined, "quarantined by an operator"]);
  const again = at.connect();
  await until(() => again.closeCode !== null, "the end of the connection");
  assert.deepEqual([again.closeCode, again.closeReason], [LINK_CLOSE.quarantined, "quarantined by an operator"]);
  const machine = await at.service.store.read((tx) => tx.machines.byId(MACHINE_ID));
  assert.equal(machine?.quarantineReason, "under investigation");
  const error = { code: "MachineQuarantined", machineId: MACHINE_ID, reason: "under investigation" } as const;
  assert.match(
    JSON.stringify(domainRefusal(error)),
    /put in quarantine by an operator \(under investigation\); release it first/,
  );
});

test("a second quarantine by hand keeps the new reason, and the audit has both; the same reason changes nothing", async () => {
  await using at = await openGateway();
  const { service } = at;
  for (const reason of ["first", "second", "second"]) {
    assert.ok((await quarantineByHand(service, PLAYBOOK, MACHINE_ID, reason)).ok);
  }
  const machine = await service.store.read((tx) => tx.machines.byId(MACHINE_ID));
  assert.deepEqual([machine?.quarantineReason, machine?.connectionEpoch], ["second", 1]);
  const { records } = await service.store.read((tx) =>
    tx.audit.list({ ...EVERY_RECORD, machineId: MACHINE_ID }, { kind: "all" }),
  );
  assert.deepEqual(records.map(({ detail }) => JSON.parse(JSON.stringify(detail)).reason).toSorted(), [
    "first",
    "second",
  ]);
});

test("a device that was wiped while its link is half-open is let in after a ping interval of silence", async () => {
  await using at = await openGateway();
  const before = await at.linked(OWN);
  const wiped = await at.welcomed();
  wiped.hello({ journalId: OTHER });
  await turns();
  assert.equal(wiped.has("helloAnswer"), false);
  at.service.clock.pass(PING_INTERVAL_MS);
  await until(() => wiped.has("helloAnswer"), "a helloAnswer frame");
  assert.equal(before.closeCode, LINK_CLOSE.silent);
  assert.equal(await isQuarantined(at.service), false);
});

test("a device that was wiped is let in as soon as its older link is known to have gone", async () => {
  await using at = await openGateway();
  const before = await at.linked(OWN);
  const wiped = await at.welcomed();
  wiped.hello({ journalId: OTHER });
  await turns();
  before.vanish();
  await until(() => wiped.has("helloAnswer"), "a helloAnswer frame");
  assert.equal(await isQuarantined(at.service), false);
});

test("the same journal on a new link replaces the older one at once", async () => {
  await using at = await openGateway();
  const first = await at.linked(OWN);
  await at.linked(OWN);
  assert.equal(first.closeCode, LINK_CLOSE.replaced);
  assert.equal(await isQuarantined(at.service), false);
});

test("a link that waited for its older one is not set against a newer one", async () => {
  await using at = await openGateway();
  await at.linked(OWN);
  const waiting = await at.welcomed();
  waiting.hello({ journalId: OTHER });
  await turns();
  const newest = await at.linked(OWN);
  newest.ping();
  await until(() => waiting.closeCode !== null, "the end of the connection");
  assert.equal(waiting.closeCode, LINK_CLOSE.replaced);
  assert.equal(newest.closeCode, null);
  assert.equal(await isQuarantined(at.service), false);
});
