import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { systemClock } from "@halligan/protocol/time";
import { until } from "../../../../protocol/test/support/until.ts";
import { natsBus } from "../../../src/bus/nats-bus.ts";
import { cancelMachineAction } from "../../../src/service/actions/cancel-machine-action.ts";
import { publishingStore } from "../../../src/service/actions/publish-changes.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { ActionWatch } from "../../../src/service/actions/watch/watch-action.ts";
import { NatsServer, natsServerProgram } from "../../support/nats-server.ts";
import { PLAYBOOK, testServices } from "../../support/test-services.ts";

const skip = natsServerProgram() === null && "there is no nats-server on this machine";
const QUIET_MS = 3_600_000;

test("a watcher of an action on one node is notified of what another node wrote", {
  skip,
  timeout: 60_000,
}, async ({ signal }) => {
  await using services = await testServices();
  await using server = await NatsServer.start();
  const options = { servers: [server.url], deployment: randomUUID(), log: services.context.log };
  await using here = natsBus(options);
  await using there = natsBus(options);
  await until(() => here.isConnected && there.isConnected, "the connections of both nodes");
  const { context } = services;
  const writing = { ...context, store: publishingStore(context.store, here), bus: here };
  const request = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };
  const started = await runLiveResponse(writing, PLAYBOOK, (await services.addMachine()).id, request);
  assert.ok(started.ok);

  // The interval is longer than the test, so the store is read again only after a hint. The clock
  // is the real one: the hint of the creation may arrive late, and the next one then waits 50 ms.
  const watch = await ActionWatch.open({ ...context, bus: there, clock: systemClock }, PLAYBOOK, started.value.id, {
    rereadIntervalMs: QUIET_MS,
    isStillAdmitted: async () => true,
  });
  assert.ok(watch.ok);
  using watching = watch.value;
  const first = await watching.next(QUIET_MS, signal);
  assert.equal(first.kind === "action" && first.now.action.status, "Pending");
  const next = watching.next(QUIET_MS, signal);
  // Its subscription has been sent: NATS answers a wake-up after it.
  let isWoken = false;
  here.onMachineWake((machineId) => {
    isWoken ||= machineId === "f".repeat(40);
  });
  there.wakeMachine("f".repeat(40));
  await until(() => isWoken, "the wake-up that follows the subscription");
  assert.ok((await cancelMachineAction(writing, PLAYBOOK, started.value.id, "enough")).ok);
  const step = await next;
  assert.equal(step.kind === "action" && step.now.action.status, "Cancelled");
});
