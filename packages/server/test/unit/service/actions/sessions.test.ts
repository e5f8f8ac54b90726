import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Machine } from "../../../../src/domain/machines/machine.ts";
import { cancelMachineAction } from "../../../../src/service/actions/cancel-machine-action.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { recordDisconnect } from "../../../../src/service/agents/connection/record-disconnect.ts";
import { recordStarted } from "../../../../src/service/agents/machine-reports.ts";
import { nextForConnection } from "../../../../src/service/agents/next-order.ts";
import { PLAYBOOK, type TestServices, testServices } from "../../../support/test-services.ts";

const REQUEST = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };

describe("slots for running sessions, three of them", () => {
  let services: TestServices;
  before(async () => {
    services = await testServices({ runningSessions: 3 });
  });
  after(() => services[Symbol.asyncDispose]());

  const run = (machine: Machine) => runLiveResponse(services.context, PLAYBOOK, machine.id, REQUEST);
  const next = (machine: Machine) =>
    nextForConnection(services.context, { machineId: machine.id, connectionEpoch: machine.connectionEpoch });
  const link = async (machine: Machine) => {
    const linked = { ...machine, linked: true, connectionEpoch: machine.connectionEpoch + 1 };
    await services.context.store.write((tx) => tx.machines.save(machine, linked));
    return linked;
  };

  test("of ten starts at the same moment exactly three are accepted, and the others get a time to retry", async () => {
    const machines = await Promise.all(Array.from({ length: 10 }, () => services.addMachine()));
    const answers = await Promise.all(machines.map(run));
    const accepted = answers.filter((answer) => answer.ok);
    assert.equal(accepted.length, 3);
    for (const answer of answers) {
      if (answer.ok) continue;
      assert.ok(answer.error.code === "TooManySessions");
      assert.equal(answer.error.retryAfterMs, 30_000);
    }
    for (const answer of accepted)
      if (answer.ok) await cancelMachineAction(services.context, PLAYBOOK, answer.value.id, "c");
  });

  test("sessions for absent machines wait without a slot and start oldest first when their machines are back", async () => {
    const [a, b, c] = [await services.addMachine(), await services.addMachine(), await services.addMachine()];
    const busy = await Promise.all([a, b, c].map(run));
    assert.ok(busy.every((answer) => answer.ok));
    const absent = [await services.addMachine({ linked: false }), await services.addMachine({ linked: false })];
    for (const machine of absent) assert.equal((await run(machine)).ok, true);
    const [first, second] = await Promise.all(absent.map(link));
    assert.ok(first && second);
    assert.equal((await next(second)).type, "idle");
    assert.equal((await next(first)).type, "idle");
    const [ended] = busy;
    assert.ok(ended?.ok);
    await cancelMachineAction(services.context, PLAYBOOK, ended.value.id, "c");
    assert.equal((await next(second)).type, "idle", "the older one goes first");
    assert.equal((await next(first)).type, "order");
    assert.equal((await next(second)).type, "idle", "all slots are taken again");
    for (const answer of busy)
      if (answer.ok) await cancelMachineAction(services.context, PLAYBOOK, answer.value.id, "c");
    assert.equal((await next(second)).type, "order");
  });

  test("a machine that goes away while running keeps its slot for five minutes, and not longer", async () => {
    const { context, time } = services;
    const taken = () => context.store.read((tx) => tx.actions.slotsInUse(time.nowMs));
    const before = await taken();
    const machine = await services.addMachine();
    const started = await run(machine);
    assert.ok(started.ok);
    const order = await next(machine);
    assert.ok(order.type === "order");
    const identity = { machineId: machine.id, connectionEpoch: machine.connectionEpoch };
    const { actionId, orderSeq } = order.order;
    await recordStarted(context, identity, { type: "started", actionId, orderSeq, index: 0, startId: "5".repeat(32) });
    await recordDisconnect(context, identity);
    assert.equal(await taken(), before + 1);
    time.nowMs += 5 * 60_000 + 1;
    assert.equal(await taken(), before);
  });
});
