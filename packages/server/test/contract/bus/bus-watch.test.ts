import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { natsBus } from "../../../src/bus/nats-bus.ts";
import { cancelMachineAction } from "../../../src/service/actions/cancel-machine-action.ts";
import { publishingStore } from "../../../src/service/actions/publish-changes.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { ActionWatch } from "../../../src/service/actions/watch/watch-action.ts";
import { NatsServer, natsServerProgram } from "../../support/nats-server.ts";
import { PLAYBOOK, testServices } from "../../support/test-services.ts";

const skip = natsServerProgram() === null && "there is no nats-server on this machine";

test("a watcher of an action on one node is notified of what another node wrote", {
  skip,
  timeout: 60_000,
}, async () => {
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

  // Its clock does not move, so the store is read again only after a hint.
  const watch = await ActionWatch.open({ ...context, bus: there }, PLAYBOOK, started.value.id, {
    rereadIntervalMs: 1_000,
    isStillAdmitted: async () => true,
  });
  assert.ok(watch.ok);
  using watching = watch.value;
  const never = new AbortController().signal;
  const first = await watching.next(1_000, never);
  assert.equal(first.kind === "action" && first.now.action.status, "Pending");
  const next = watching.next(1_000, never);
  // The watcher reads the store before it subscribes, and the bus does not show that it has.
  let turns = 0;
  await until(() => {
    turns += 1;
    return turns > 20;
  }, "the subscription of the watcher");
  // Its subscription has been sent: NATS answers a wake-up after it.
  const woken = Promise.withResolvers<void>();
  here.onMachineWake((machineId) => machineId === "f".repeat(40) && woken.resolve());
  there.wakeMachine("f".repeat(40));
  await woken.promise;
  assert.ok((await cancelMachineAction(writing, PLAYBOOK, started.value.id, "enough")).ok);
  const step = await next;
  assert.equal(step.kind === "action" && step.now.action.status, "Cancelled");
});
