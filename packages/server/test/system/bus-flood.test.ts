import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { backgroundClock } from "@halligan/protocol/time";
import { connect } from "@nats-io/transport-node";
import { until } from "../../../protocol/test/support/until.ts";
import { localBus } from "../../src/bus/local-bus.ts";
import { natsBus } from "../../src/bus/nats-bus.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { cancelMachineAction } from "../../src/service/actions/cancel-machine-action.ts";
import { runLiveResponse } from "../../src/service/actions/start/run-live-response.ts";
import { ActionWatch } from "../../src/service/actions/watch/watch-action.ts";
import type { ServiceContext } from "../../src/service/context.ts";
import { NO_MEASURES } from "../../src/service/measures.ts";
import { answers, NatsServer, natsServerProgram } from "../support/nats-server.ts";
import { PLAYBOOK } from "../support/test-services.ts";
import { MACHINE_ID } from "../unit/domain/sample-action.ts";
import { enrolledMachine } from "../unit/gateway/connected-device.ts";
import { openService } from "../unit/service/service-fixture.ts";

const SHARED_URL = process.env.HALLIGAN_TEST_NATS_URL ?? "nats://127.0.0.1:4222";
const { hostname, port } = new URL(SHARED_URL);
const isShared = await answers(Number(port || 4222), hostname);
const MESSAGES = 50_000;

test("a client of the bus that sends 150,000 messages makes no flood of looks at the store", {
  skip: !isShared && natsServerProgram() === null && "no NATS server answers and none can be started",
  timeout: 120_000,
}, async (t) => {
  const own = isShared ? null : await NatsServer.start();
  if (own) t.after(() => own.kill());
  const url = own?.url ?? SHARED_URL;
  const deployment = `test-${randomUUID()}`;
  const dropped = { malformed: 0, tooMany: 0 };
  await using service = await openService();
  const counts = { reads: 0, writes: 0 };
  const { store } = service;
  const bus = natsBus({
    servers: [url],
    deployment,
    log: service.log,
    onMalformed: () => {
      dropped.malformed += 1;
    },
  });
  t.after(() => bus.close());
  const context: ServiceContext = {
    ...service,
    bus,
    clock: backgroundClock,
    store: {
      read: (work) => {
        counts.reads += 1;
        return store.read(work);
      },
      write: (work) => {
        counts.writes += 1;
        return store.write(work);
      },
      close: () => store.close(),
    },
    measures: {
      ...NO_MEASURES,
      busMessageDropped: (reason) => {
        dropped[reason] += 1;
      },
    },
  };
  const connectDevice = await enrolledMachine({ ...service, ...context, clock: service.clock });
  const gateway = new Gateway(context, { pingIntervalMs: 20_000, maxConnections: 10 });
  t.after(() => gateway.close());
  const device = connectDevice(gateway);
  await until(() => device.has("welcome"), "a welcome frame");
  device.hello();
  await until(() => device.has("helloAnswer"), "a helloAnswer frame");
  const hostile = await connect({ servers: [url] });
  t.after(() => hostile.close());
  await until(() => bus.isConnected, "the connection of the bus");
  const started = await runLiveResponse(context, PLAYBOOK, MACHINE_ID, {
    Commands: [{ type: "GetFile", params: [{ key: "Path", value: "/x" }] }],
    Comment: "c",
  });
  assert.ok(started.ok);
  await until(() => device.has("order"), "an order frame");
  using watch = await watchOf(context, started.value.id);
  const stop = new AbortController();
  const watching = (async () => {
    while ((await watch.next(60_000, stop.signal)).kind !== "over");
  })();

  const before = { ...counts };
  const begunMs = performance.now();
  const wake = JSON.stringify({ machineId: MACHINE_ID });
  const taken = JSON.stringify({ machineId: MACHINE_ID, linkEpoch: 2 ** 40, journalId: "x", processId: null });
  // Larger than any message of a node, so it is dropped before it is parsed.
  for (let n = 0; n < 100; n += 1) hostile.publish(`halligan.${deployment}.wake`, "[".repeat(100_000));
  await hostile.flush();
  await until(() => dropped.malformed === 100, "100 dropped messages");
  for (let n = 0; n < MESSAGES; n += 1) {
    hostile.publish(`halligan.${deployment}.wake`, wake);
    hostile.publish(`halligan.${deployment}.taken`, taken);
    hostile.publish(`halligan.${deployment}.action.${started.value.id}`, '{"type":"changed"}');
    if (n % 1_000 === 0) await hostile.flush();
  }
  await hostile.flush();
  // Changes of other nodes are found meanwhile without a message.
  await cancelElsewhere(service, started.value.id);
  await until(() => device.has("end"), "a end frame");
  const spentMs = performance.now() - begunMs;
  stop.abort();
  await watching;

  const looks = counts.reads - before.reads + counts.writes - before.writes;
  // In each 100 ms: one wake-up, one taken link and two reads of the watcher, or one read for
  // messages that were not received.
  const allowed = 4 * Math.ceil(spentMs / 100) + 16;
  t.diagnostic(`${looks} looks at the store for ${3 * MESSAGES} messages in ${Math.round(spentMs)} ms`);
  assert.ok(looks <= allowed, `${looks} looks at the store in ${Math.round(spentMs)} ms`);
  assert.ok(dropped.tooMany > 1_000, `${dropped.tooMany} messages were counted as dropped`);
  assert.equal(device.closeCode, null, "a forged message does not close a connection");
});

/** By another node, whose message is not received. */
async function cancelElsewhere(service: ServiceContext, actionId: string): Promise<void> {
  const cancelled = await cancelMachineAction({ ...service, bus: localBus() }, PLAYBOOK, actionId, "enough");
  assert.ok(cancelled.ok);
}

async function watchOf(context: ServiceContext, actionId: string): Promise<ActionWatch> {
  const watch = await ActionWatch.open(context, { ...PLAYBOOK }, actionId, {
    rereadIntervalMs: 60_000,
    isStillAdmitted: async () => true,
  });
  assert.ok(watch.ok);
  return watch.value;
}
