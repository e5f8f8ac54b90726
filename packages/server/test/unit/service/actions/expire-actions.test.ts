import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineAction } from "../../../../src/domain/actions/machine-action.ts";
import type { Machine } from "../../../../src/domain/machines/machine.ts";
import { expireActions, OVERDUE_FOR_MS, type OverdueSince } from "../../../../src/service/actions/expire-actions.ts";
import { sampleAction, sampleMachine } from "../../domain/sample-action.ts";
import { openService, type Service } from "../service-fixture.ts";

const HOUR_MS = 3_600_000;

/** An action whose deadline is an hour away. */
async function openWith(action: Partial<MachineAction>, machine: Partial<Machine> = {}): Promise<Service> {
  const service = await openService();
  await service.store.write(async (tx) => {
    await tx.machines.insert(sampleMachine({ linked: false, ...machine }));
    await tx.actions.insert(sampleAction({ deadlineMs: service.clock.wallMs + HOUR_MS, ...action }));
  });
  return service;
}

const statusOf = async ({ store }: Service) => (await store.read((tx) => tx.actions.byId(sampleAction().id)))?.status;

test("an action times out when it is still overdue after a minute of the process's own clock", async () => {
  await using service = await openWith({});
  const overdue: OverdueSince = new Map();
  service.clock.pass(HOUR_MS);
  assert.equal(await expireActions(service, overdue), 0);
  service.clock.pass(OVERDUE_FOR_MS - 1);
  assert.equal(await expireActions(service, overdue), 0);
  service.clock.pass(1);
  assert.equal(await expireActions(service, overdue), 1);
  assert.equal(await statusOf(service), "TimeOut");
  assert.equal(overdue.size, 0);
});

test("a wall clock that jumps ahead and is put right within the minute ends nothing", async () => {
  await using service = await openWith({});
  const overdue: OverdueSince = new Map();
  service.clock.wallMs += 2 * HOUR_MS;
  await expireActions(service, overdue);
  service.clock.pass(OVERDUE_FOR_MS / 2);
  service.clock.wallMs -= 2 * HOUR_MS;
  await expireActions(service, overdue);
  service.clock.wallMs += 2 * HOUR_MS;
  service.clock.pass(OVERDUE_FOR_MS / 2);
  assert.equal(await expireActions(service, overdue), 0);
  assert.equal(await statusOf(service), "Pending");
});

test("after a restart a deadline that passed meanwhile is given its minute again", async () => {
  await using service = await openWith({});
  const beforeRestart: OverdueSince = new Map();
  service.clock.pass(HOUR_MS);
  await expireActions(service, beforeRestart);
  service.clock.pass(OVERDUE_FOR_MS);
  assert.equal(await expireActions(service, new Map()), 0);
  assert.equal(await statusOf(service), "Pending");
});

test("a running action of a device that is linked again does not time out, whatever its deadline says", async () => {
  await using service = await openWith({ status: "InProgress" }, { linked: true });
  const overdue: OverdueSince = new Map();
  service.clock.pass(HOUR_MS);
  await expireActions(service, overdue);
  service.clock.pass(OVERDUE_FOR_MS);
  assert.equal(await expireActions(service, overdue), 0);
  assert.equal(await statusOf(service), "InProgress");
});

test("a time-out is in the audit, once", async () => {
  await using service = await openWith({});
  const overdue: OverdueSince = new Map();
  service.clock.pass(HOUR_MS);
  for (let run = 0; run < 4; run += 1) {
    await expireActions(service, overdue);
    service.clock.pass(OVERDUE_FOR_MS);
  }
  const filter = { machineId: null, actionId: sampleAction().id, actorId: null, operations: null, beforeSeq: null };
  const { records } = await service.store.read((tx) => tx.audit.list({ ...filter, limit: 10 }, { kind: "all" }));
  assert.deepEqual(
    records.map(({ operation, detail }) => [operation, detail.status]),
    [["MachineActionEnded", "TimeOut"]],
  );
});
