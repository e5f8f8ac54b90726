import assert from "node:assert/strict";
import { after, test } from "node:test";
import { VERSION } from "@halligan/protocol/version";
import { createMetrics, type MetricsSources } from "../../../src/metrics/metrics.ts";
import type { Store } from "../../../src/store/store.ts";
import { testServices } from "../../support/test-services.ts";
import { sampleAction } from "../domain/sample-action.ts";
import { parseMetrics, type Sample } from "./prometheus-text.ts";

const services = await testServices();
after(() => services[Symbol.asyncDispose]());
const { store } = services.context;

const sources = (change: Partial<MetricsSources> = {}): MetricsSources => ({
  store,
  nowMs: () => services.time.nowMs,
  connections: () => ({ unauthenticated: 2, authenticating: 1, ready: 3, closing: 0 }),
  busIsConnected: null,
  clockOffsetMs: null,
  databaseRoundTrips: null,
  certificate: null,
  resultSpace: { totalBytes: async () => 4_096 },
  disk: { databaseFreeBytes: null, resultsFreeBytes: null, reserveBytes: 0 },
  ...change,
});
const figure = (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}) =>
  samples.find((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    ?.value;

test("a node tells of a bus, a clock and round trips only where it has them: a 0 is the alarm of one that lost its bus", async () => {
  const metrics = createMetrics();
  const own = parseMetrics(await metrics.text(sources()));
  assert.equal(figure(own, "halligan_bus_connected"), undefined);
  assert.equal(figure(own, "halligan_clock_offset_seconds"), undefined);
  assert.equal(figure(own, "halligan_database_round_trips_total"), undefined);
  let roundTrips = 40;
  const lost = sources({
    busIsConnected: () => false,
    clockOffsetMs: () => -1_500,
    databaseRoundTrips: () => (roundTrips += 1),
  });
  for (let scrape = 0; scrape < 2; scrape += 1) {
    const shared = parseMetrics(await metrics.text(lost));
    assert.equal(figure(shared, "halligan_bus_connected"), 0);
    assert.equal(figure(shared, "halligan_clock_offset_seconds"), -1.5);
    assert.equal(figure(shared, "halligan_database_round_trips_total"), 41 + scrape);
  }
});

test("the load of the deployment is what the store says now", async () => {
  const machine = await services.addMachine();
  const createdAtMs = services.time.nowMs - 90_000;
  await store.write((tx) => tx.actions.insert(sampleAction({ machineId: machine.id, createdAtMs })));
  const samples = parseMetrics(await createMetrics().text(sources()));
  assert.equal(figure(samples, "halligan_sessions", { status: "Pending" }), 1);
  assert.equal(figure(samples, "halligan_sessions", { status: "InProgress" }), 0);
  assert.equal(figure(samples, "halligan_queue_age_seconds"), 90);
  assert.equal(figure(samples, "halligan_session_places_taken"), 1);
  assert.equal(figure(samples, "halligan_links"), 3);
  assert.equal(figure(samples, "halligan_database_up"), 1);
  assert.equal(figure(samples, "halligan_build_info", { version: VERSION, commit: "development" }), 1);
});

test("a quarantine is counted by its evidence, and machines in quarantine are counted in the store", async () => {
  await services.addMachine({ quarantined: true });
  const metrics = createMetrics();
  metrics.measures.quarantined("OldRollingValue");
  const samples = parseMetrics(await metrics.text(sources()));
  assert.equal(figure(samples, "halligan_quarantines_total", { evidence: "OldRollingValue" }), 1);
  assert.equal(figure(samples, "halligan_machines_quarantined"), 1);
});

test("while the database is unavailable or does not respond, the node's own figures still come, and none of the deployment's is invented", async (t) => {
  const never: Store = { ...store, read: () => Promise.withResolvers<never>().promise };
  const away: Store = { ...store, read: () => Promise.reject(new Error("the database does not answer")) };
  const metrics = createMetrics();
  await metrics.text(sources());
  for (const one of [away, never]) {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const text = metrics.text(sources({ store: one }));
    t.mock.timers.tick(3_000);
    t.mock.timers.reset();
    const samples = parseMetrics(await text);
    assert.equal(figure(samples, "halligan_database_up"), 0);
    assert.equal(figure(samples, "halligan_links"), 3);
    assert.equal(figure(samples, "halligan_sessions"), undefined);
    assert.equal(figure(samples, "halligan_queue_age_seconds"), undefined);
  }
});

test("what callers and devices send makes no new series: labels are names of operations, codes, statuses and states", async () => {
  const metrics = createMetrics();
  for (let n = 0; n < 500; n += 1) {
    metrics.requestAnswered({ operation: null, status: 404, code: "ResourceNotFound", durationMs: n });
    metrics.requestAnswered({ operation: "GetMachine", status: 200, durationMs: n, sentBytes: n });
    metrics.measures.orderClaimed(n);
    metrics.measures.received(n);
  }
  const samples = parseMetrics(await metrics.text(sources())).filter(({ name }) => name.startsWith("halligan_"));
  assert.equal(figure(samples, "halligan_http_request_seconds_count", { operation: "none", status: "404" }), 500);
  assert.equal(
    figure(samples, "halligan_requests_refused_total", { operation: "none", code: "ResourceNotFound" }),
    500,
  );
  assert.equal(figure(samples, "halligan_transfer_bytes_total", { direction: "sent" }), (499 * 500) / 2);
  assert.ok(samples.length < 80, `${samples.length} series`);
  const labels = new Set(samples.flatMap((one) => Object.keys(one.labels)));
  const ofBuild = ["commit", "version"];
  const ofRequests = ["code", "direction", "le", "operation", "state", "status"];
  assert.deepEqual([...labels].toSorted(), [...ofBuild, ...ofRequests].toSorted());
});
