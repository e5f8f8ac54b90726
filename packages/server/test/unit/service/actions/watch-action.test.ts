import assert from "node:assert/strict";
import { test } from "node:test";
import type { Caller } from "../../../../src/auth/caller.ts";
import type { Bus } from "../../../../src/bus/bus.ts";
import type { MachineAction } from "../../../../src/domain/actions/machine-action.ts";
import { publishingStore } from "../../../../src/service/actions/publish-changes.ts";
import { ActionWatch, type WatchStep } from "../../../../src/service/actions/watch/watch-action.ts";
import {
  createDeviceGroup,
  setMachineDeviceGroup,
  updateDeviceGroup,
} from "../../../../src/service/machines/device-groups.ts";
import { PLAYBOOK, user } from "../../../support/test-services.ts";
import { sampleAction, sampleMachine } from "../../domain/sample-action.ts";
import { openService, type Service } from "../service-fixture.ts";

const ID = sampleAction().id;
const REREAD_MS = 5_000;
const QUIET_MS = 15_000;
const NEVER = new AbortController().signal;

interface Stage extends AsyncDisposable {
  readonly service: Service;
  /** Number of open subscriptions to actions. */
  readonly subscriptions: () => number;
  readonly admission: { isGood: boolean };
  /** Followed by a hint, like every write of the server. */
  readonly save: (change: Partial<MachineAction>) => Promise<void>;
  /** A write whose hint was lost. */
  readonly saveSilently: (change: Partial<MachineAction>) => Promise<void>;
  readonly watch: (caller?: Caller) => ReturnType<typeof ActionWatch.open>;
}

async function openStage(): Promise<Stage> {
  const service = await openService();
  await service.store.write(async (tx) => {
    await tx.machines.insert(sampleMachine());
    await tx.actions.insert(sampleAction());
  });
  let count = 0;
  const bus: Bus = {
    ...service.bus,
    onActionChange(actionId, listener) {
      const stop = service.bus.onActionChange(actionId, listener);
      count += 1;
      return () => {
        count -= 1;
        stop();
      };
    },
  };
  const admission = { isGood: true };
  const saveTo = (store: Service["store"]) => (change: Partial<MachineAction>) =>
    store.write(async (tx) => {
      const action = await tx.actions.byId(ID);
      assert.ok(action);
      await tx.actions.save(action, { ...action, ...change });
    });
  return {
    service,
    subscriptions: () => count,
    admission,
    save: saveTo(publishingStore(service.store, service.bus)),
    saveSilently: saveTo(service.store),
    watch: (caller = PLAYBOOK) =>
      ActionWatch.open({ ...service, bus }, caller, ID, {
        rereadIntervalMs: REREAD_MS,
        isStillAdmitted: async () => admission.isGood,
      }),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

async function opened(stage: Stage, caller?: Caller): Promise<ActionWatch> {
  const watch = await stage.watch(caller);
  assert.ok(watch.ok);
  assert.equal(statusOf(await watch.value.next(QUIET_MS, NEVER)), "Pending");
  return watch.value;
}

const statusOf = (step: WatchStep): string => (step.kind === "action" ? step.now.action.status : step.kind);

/** A step that waits. Time advances until it is there. */
async function inTime(stage: Stage, next: Promise<WatchStep>, withinMs: number): Promise<WatchStep | "still waiting"> {
  let step: WatchStep | undefined;
  void next.then((told) => {
    step = told;
  });
  for (let passedMs = 0; passedMs <= withinMs; passedMs += 500) {
    // The store answers on a later turn.
    for (let turn = 0; turn < 20 && step === undefined; turn += 1) await new Promise((done) => setImmediate(done));
    if (step !== undefined) return step;
    stage.service.clock.pass(500);
  }
  return step ?? "still waiting";
}

test("the first step is the present state, then each change, and after the final one the watch is over", async () => {
  await using stage = await openStage();
  using watch = await opened(stage);
  for (const status of ["InProgress", "Succeeded"] as const) {
    const next = watch.next(QUIET_MS, NEVER);
    await stage.save({ status });
    assert.equal(statusOf(await next), status);
  }
  assert.equal(statusOf(await watch.next(QUIET_MS, NEVER)), "over");
});

test("changes between two reads become one step with the newest state", async () => {
  await using stage = await openStage();
  using watch = await opened(stage);
  for (const deadlineMs of [1, 2, 3]) await stage.save({ deadlineMs });
  const step = await watch.next(QUIET_MS, NEVER);
  assert.equal(step.kind === "action" && step.now.action.deadlineMs, 3);
  assert.equal(await inTime(stage, watch.next(2_000, NEVER), 1_000), "still waiting");
});

test("a lost hint costs at most the interval at which the store is read again", async () => {
  await using stage = await openStage();
  using watch = await opened(stage);
  await stage.saveSilently({ status: "Cancelled" });
  const step = await inTime(stage, watch.next(QUIET_MS, NEVER), REREAD_MS);
  assert.equal(step === "still waiting" ? step : statusOf(step), "Cancelled");
});

test("a change between the first read and the first request is reported", async () => {
  await using stage = await openStage();
  const watch = await stage.watch();
  assert.ok(watch.ok);
  using _ = watch.value;
  await stage.save({ status: "InProgress" });
  assert.equal(statusOf(await watch.value.next(QUIET_MS, NEVER)), "InProgress");
});

test("when nothing happens the step says so after the time that was asked for", async () => {
  await using stage = await openStage();
  using watch = await opened(stage);
  const next = watch.next(QUIET_MS, NEVER);
  assert.equal(await inTime(stage, next, QUIET_MS - 1_000), "still waiting");
  assert.deepEqual(await inTime(stage, next, 1_000), { kind: "quiet" });
});

test("progress is the newest value of each command, and none of commands that there are not", async () => {
  await using stage = await openStage();
  using watch = await opened(stage);
  const tell = async (index: number, transferredBytes: number) => {
    stage.service.bus.transferProgress({ actionId: ID, index, transferredBytes: 0 });
    stage.service.bus.transferProgress({ actionId: ID, index, transferredBytes });
    await Promise.resolve();
  };
  const next = watch.next(QUIET_MS, NEVER);
  // The bus sends nothing of a transfer's first 200 ms.
  await tell(1, 10);
  await new Promise((done) => setTimeout(done, 250));
  await tell(7, 1);
  await tell(1, 20);
  const step = await next;
  assert.deepEqual(step, { kind: "transfers", transfers: [{ actionId: ID, index: 1, transferredBytes: 0 }] });
});

test("a watch ends within the interval when its caller's token is no longer valid", async () => {
  await using stage = await openStage();
  using watch = await opened(stage);
  stage.admission.isGood = false;
  assert.deepEqual(await inTime(stage, watch.next(QUIET_MS, NEVER), REREAD_MS), { kind: "over" });
});

test("a user whose device groups lose the machine sees nothing more of it, from the next look on", async () => {
  await using stage = await openStage();
  const { service } = stage;
  const group = { name: "Lab", remediationLevel: "full" } as const;
  const made = await createDeviceGroup(service, PLAYBOOK, { ...group, users: ["alice"] });
  assert.ok(made.ok);
  await setMachineDeviceGroup(service, PLAYBOOK, sampleMachine().id, made.value.id);
  const refused = await stage.watch(user("bob"));
  assert.ok(!refused.ok && refused.error.code === "MachineActionNotFound");
  using watch = await opened(stage, user("alice"));
  assert.ok((await updateDeviceGroup(service, PLAYBOOK, made.value.id, { ...group, users: ["bob"] })).ok);
  await stage.save({ status: "InProgress" });
  assert.deepEqual(await watch.next(QUIET_MS, NEVER), { kind: "over" });
});

test("a watcher that goes away ends its wait at once, and nothing of it stays", async () => {
  await using stage = await openStage();
  const gone = new AbortController();
  {
    using watch = await opened(stage);
    const next = watch.next(QUIET_MS, gone.signal);
    gone.abort();
    assert.deepEqual(await next, { kind: "over" });
    assert.equal(stage.subscriptions(), 1);
  }
  assert.equal(stage.subscriptions(), 0);
  const unknown = await ActionWatch.open(stage.service, PLAYBOOK, "none", {
    rereadIntervalMs: REREAD_MS,
    isStillAdmitted: async () => true,
  });
  assert.ok(!unknown.ok);
  assert.equal(stage.subscriptions(), 0);
});

test("what the action waits for changes without it: one step after a hint, or at the next interval", async () => {
  await using stage = await openStage();
  using watch = await opened(stage);
  const setLinked = (linked: boolean) =>
    stage.service.store.write(async (tx) => {
      const machine = await tx.machines.byId(sampleMachine().id);
      assert.ok(machine);
      await tx.machines.save(machine, { ...machine, linked });
    });
  const reasonOf = (step: WatchStep | "still waiting") =>
    typeof step === "object" && step.kind === "waiting" ? step.waiting?.reason : step;
  await setLinked(false);
  stage.service.bus.actionChanged(ID);
  assert.equal(reasonOf(await watch.next(QUIET_MS, NEVER)), "DeviceOffline");
  stage.service.bus.actionChanged(ID);
  assert.equal(await inTime(stage, watch.next(2_000, NEVER), 1_000), "still waiting");
  await setLinked(true);
  assert.equal(reasonOf(await inTime(stage, watch.next(QUIET_MS, NEVER), REREAD_MS)), "Dispatching");
});
