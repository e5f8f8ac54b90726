import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineAction } from "../../../../src/domain/actions/machine-action.ts";
import type { Machine } from "../../../../src/domain/machines/machine.ts";
import { MACHINE_ACTIONS } from "../../../../src/odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../../src/odata/query.ts";
import { listActionsNow } from "../../../../src/service/actions/list-machine-actions.ts";
import { type ActionNow, withWaiting } from "../../../../src/service/actions/watch/read-waiting.ts";
import type { StoreTx } from "../../../../src/store/store.ts";
import { PLAYBOOK } from "../../../support/test-services.ts";
import { sampleAction, sampleCommand, sampleMachine, sampleOrder } from "../../domain/sample-action.ts";
import { openService, type Service } from "../service-fixture.ts";

const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const machineId = (number: number) => String(number).repeat(40);

async function add(
  { store }: Service,
  which: number,
  action: Partial<MachineAction>,
  machine: Partial<Machine> = {},
): Promise<void> {
  await store.write(async (tx) => {
    await tx.machines.insert(sampleMachine({ id: machineId(which), ...machine }));
    await tx.actions.insert(sampleAction({ id: id(which), machineId: machineId(which), ...action }));
  });
}

/** What the action waits for, and the reads that it took beyond the action itself. */
async function read(service: Service, which: number): Promise<ActionNow & { reads: string[] }> {
  const reads: string[] = [];
  const counting = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name, receiver) {
        if (typeof name === "string") reads.push(name);
        return Reflect.get(target, name, receiver);
      },
    });
  return service.store.read(async (tx: StoreTx) => {
    const action = await tx.actions.byId(id(which));
    assert.ok(action);
    const counted = { ...tx, actions: counting(tx.actions), machines: counting(tx.machines) };
    return { ...(await withWaiting(service, counted, action)), reads };
  });
}

const WITHOUT_SLOT = { slot: { held: false } } as const;

test("only the facts are read that the state of the action depends on", async () => {
  await using service = await openService();
  service.limits.runningSessions = 1;
  await add(service, 1, { status: "Succeeded" });
  await add(service, 2, WITHOUT_SLOT, { linked: false });
  await add(service, 3, { status: "InProgress", commands: [sampleCommand({ status: "Executing", startedAtMs: 1 })] });
  await add(service, 4, { order: sampleOrder() });
  await add(service, 5, WITHOUT_SLOT);
  const seen = [];
  for (const which of [1, 2, 3, 4, 5]) {
    const { waiting, reads } = await read(service, which);
    seen.push([waiting?.reason ?? null, ...reads]);
  }
  assert.deepEqual(seen, [
    [null],
    ["DeviceOffline", "presenceOf"],
    ["Running", "presenceOf"],
    ["Dispatching", "presenceOf", "openOf"],
    ["SessionLimit", "presenceOf", "openOf", "positionForSlot", "slotsInUse"],
  ]);
});

test("the position counts the older actions of connected machines that wait for a slot", async () => {
  await using service = await openService();
  service.limits.runningSessions = 1;
  await add(service, 1, { order: sampleOrder() });
  await add(service, 2, WITHOUT_SLOT);
  await add(service, 3, WITHOUT_SLOT, { linked: false });
  await add(service, 4, WITHOUT_SLOT);
  const positions = [];
  for (const which of [2, 4]) {
    const { waiting } = await read(service, which);
    positions.push(waiting?.reason === "SessionLimit" && waiting.position);
  }
  assert.deepEqual(positions, [1, 2]);
  const query = parseListQuery(new URLSearchParams(), MACHINE_ACTIONS, 0);
  assert.ok(query.ok);
  const { rows } = await listActionsNow(service, PLAYBOOK, query.value);
  const listed = rows.map(({ waiting }) => (waiting?.reason === "SessionLimit" ? waiting.position : waiting?.reason));
  assert.deepEqual(listed, [2, "DeviceOffline", 1, "Dispatching"], "a list has the same positions");
  service.limits.runningSessions = 2;
  assert.equal((await read(service, 2)).waiting?.reason, "Dispatching");
  const last = (await read(service, 4)).waiting;
  assert.equal(last?.reason === "SessionLimit" && last.position, 2);
});

test("an order of a final action that is still out is what the next action waits for", async () => {
  await using service = await openService();
  await add(service, 1, { status: "Cancelled", finalAtMs: 1_500, order: sampleOrder() });
  await service.store.write((tx) =>
    tx.actions.insert(sampleAction({ id: id(2), machineId: machineId(1), ...WITHOUT_SLOT })),
  );
  const { waiting } = await read(service, 2);
  assert.equal(waiting?.reason === "PreviousActionEnding" && waiting.actionId, id(1));
});
