import { COMMIT, VERSION } from "@halligan/protocol/version";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { readLoad } from "../service/cluster/load.ts";
import type { DiskState } from "../service/cluster/readiness.ts";
import type { ConnectionStates, Measures } from "../service/measures.ts";
import type { ResultSpace } from "../service/result-space.ts";
import type { Store } from "../store/store.ts";

/** The facts about a request after its response. */
export interface AnsweredRequest {
  /** Null for a path without an operation. */
  readonly operation: string | null;
  readonly status: number;
  /** The code of a refusal. */
  readonly code?: string;
  readonly durationMs: number;
  /** Size of a file or a result. */
  readonly sentBytes?: number;
}

export interface MetricsSources {
  readonly store: Store;
  readonly resultSpace: Pick<ResultSpace, "totalBytes">;
  readonly nowMs: () => number;
  readonly connections: () => ConnectionStates;
  /** Null when there is no bus. */
  readonly busIsConnected: (() => boolean) | null;
  /** Null when only this process uses the database. */
  readonly clockOffsetMs: (() => number) | null;
  /** Since the start; null for the embedded store. */
  readonly databaseRoundTrips: (() => number) | null;
  readonly disk: DiskState;
  /** Null when this process does not end TLS. */
  readonly certificate: { readonly secondsUntilExpiry: number; readonly reloadFailed: boolean } | null;
}

export interface Metrics {
  readonly measures: Measures;
  readonly requestAnswered: (request: AnsweredRequest) => void;
  /** In Prometheus' text format. `sources` are read now. */
  readonly text: (sources: MetricsSources) => Promise<string>;
  readonly contentType: string;
}

const FAST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** From milliseconds to the three days that an action may wait. */
const WAIT_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 30, 300, 3_600, 86_400, 259_200];

/** One registry per process with all metrics. No label has a value that a caller chooses. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "halligan_build_info",
    help: "Always 1; the labels are the version and the commit of this node",
    labelNames: ["version", "commit"],
    registers,
  }).set({ version: VERSION, commit: COMMIT }, 1);
  const dispatch = new Histogram({
    name: "halligan_dispatch_seconds",
    help: "From the acceptance of an action to the claim of its order for a device",
    buckets: WAIT_SECONDS,
    registers,
  });
  const bytes = new Counter({
    name: "halligan_transfer_bytes_total",
    help: "Bytes of results from devices, and of results to callers and library files to devices",
    labelNames: ["direction"],
    registers,
  });
  const requests = new Histogram({
    name: "halligan_http_request_seconds",
    help: "Requests by operation and status",
    labelNames: ["operation", "status"],
    buckets: FAST_SECONDS,
    registers,
  });
  const refused = new Counter({
    name: "halligan_requests_refused_total",
    help: "Refused requests by operation and code",
    labelNames: ["operation", "code"],
    registers,
  });
  const quarantines = new Counter({
    name: "halligan_quarantines_total",
    help: "Machines that this node put in quarantine, by what proved a second device with their key",
    labelNames: ["evidence"],
    registers,
  });
  const database = new Gauge({
    name: "halligan_database_up",
    help: "1 when the database answered just now",
    registers,
  });
  // In a separate registry, because the values are unknown while the database is unavailable, and a
  // 0 would be wrong.
  const deployment = new Registry();
  const ofDeployment = [deployment];
  const sessions = new Gauge({
    name: "halligan_sessions",
    help: "Unfinished actions of the whole deployment by status",
    labelNames: ["status"],
    registers: ofDeployment,
  });
  const inQuarantine = new Gauge({
    name: "halligan_machines_quarantined",
    help: "Machines of the whole deployment that are in quarantine",
    registers: ofDeployment,
  });
  const slots = new Gauge({
    name: "halligan_session_places_taken",
    help: "Running sessions that count",
    registers: ofDeployment,
  });
  const queueAge = new Gauge({
    name: "halligan_queue_age_seconds",
    help: "Age of the oldest pending action of a machine that is linked",
    registers: ofDeployment,
  });
  const links = new Gauge({ name: "halligan_links", help: "Devices that are linked to this node", registers });
  const connections = new Gauge({
    name: "halligan_connections",
    help: "Agent connections of this node by state: unauthenticated, authenticating, ready, closing",
    labelNames: ["state"],
    registers,
  });
  const refusedConnections = new Counter({
    name: "halligan_connections_refused_total",
    help: "Agent connections that were not taken, or closed, by the bound that was reached",
    labelNames: ["bound"],
    registers,
  });
  const droppedMessages = new Counter({
    name: "halligan_bus_messages_dropped_total",
    help: "Messages of the bus without effect: malformed, or tooMany, for which a later one stands",
    labelNames: ["reason"],
    registers,
  });
  // Registered with their first value. Otherwise a node without a bus would show a 0, which is the
  // alarm for a lost bus.
  const bus = new Gauge({ name: "halligan_bus_connected", help: "1 while the bus is connected", registers: [] });
  const clock = new Gauge({
    name: "halligan_clock_offset_seconds",
    help: "The database's clock minus this node's",
    registers: [],
  });
  const roundTrips = new Counter({
    name: "halligan_database_round_trips_total",
    help: "Messages of this node to the shared database that waited for a response",
    registers: [],
  });
  const refusedStorage = new Counter({
    name: "halligan_storage_refused_bytes_total",
    help: "Bytes of results and library files that were not taken for lack of space, by code",
    labelNames: ["code"],
    registers,
  });
  const diskFree = new Gauge({
    name: "halligan_disk_free_bytes",
    help: "Free space of the file system of the embedded database, and of that of results and library files",
    labelNames: ["of"],
    registers: [],
  });
  const diskReserve = new Gauge({
    name: "halligan_disk_reserve_bytes",
    help: "Free space that results and library files may not take",
    registers: [],
  });
  const resultBytes = new Gauge({
    name: "halligan_results_bytes",
    help: "Bytes of all results that are kept or being uploaded, as the quota counts them",
    registers: ofDeployment,
  });
  const certificateEnd = new Gauge({
    name: "halligan_tls_certificate_expiry_seconds",
    help: "Seconds until the served certificate expires; negative afterwards",
    registers: [],
  });
  const certificateFailed = new Gauge({
    name: "halligan_tls_reload_failed",
    help: "1 while the certificate files on disk cannot be used and the former certificate is served",
    registers: [],
  });

  return {
    measures: {
      orderClaimed: (waitedMs) => dispatch.observe(Math.max(0, waitedMs) / 1000),
      received: (sizeBytes) => bytes.inc({ direction: "received" }, sizeBytes),
      quarantined: (evidence) => quarantines.inc({ evidence }),
      refusedBytes: (code, sizeBytes) => refusedStorage.inc({ code }, sizeBytes),
      connectionRefused: (bound) => refusedConnections.inc({ bound }),
      busMessageDropped: (reason) => droppedMessages.inc({ reason }),
    },
    requestAnswered({ operation, status, code, durationMs, sentBytes }) {
      const name = operation ?? "none";
      requests.observe({ operation: name, status: String(status) }, durationMs / 1000);
      if (sentBytes !== undefined) bytes.inc({ direction: "sent" }, sentBytes);
      if (code !== undefined) refused.inc({ operation: name, code });
    },
    async text(sources) {
      const nowMs = sources.nowMs();
      const load = await within(STORE_TIMEOUT_MS, readLoad(sources.store, sources.resultSpace, nowMs));
      database.set(load ? 1 : 0);
      if (load) {
        sessions.set({ status: "Pending" }, load.pending);
        sessions.set({ status: "InProgress" }, load.inProgress);
        slots.set(load.slotsInUse);
        inQuarantine.set(load.quarantined);
        resultBytes.set(load.resultBytes);
        queueAge.set(load.oldestWaitingMs === null ? 0 : Math.max(0, nowMs - load.oldestWaitingMs) / 1000);
      }
      const states = sources.connections();
      links.set(states.ready);
      for (const [state, count] of Object.entries(states)) connections.set({ state }, count);
      const { databaseFreeBytes, resultsFreeBytes, reserveBytes } = sources.disk;
      if (databaseFreeBytes !== null) diskFree.set({ of: "database" }, databaseFreeBytes);
      if (resultsFreeBytes !== null) {
        diskFree.set({ of: "results" }, resultsFreeBytes);
        diskReserve.set(reserveBytes);
        registry.registerMetric(diskReserve);
      }
      if (databaseFreeBytes !== null || resultsFreeBytes !== null) registry.registerMetric(diskFree);
      if (sources.busIsConnected) {
        bus.set(sources.busIsConnected() ? 1 : 0);
        registry.registerMetric(bus);
      }
      if (sources.clockOffsetMs) {
        clock.set(sources.clockOffsetMs() / 1000);
        registry.registerMetric(clock);
      }
      if (sources.databaseRoundTrips) {
        roundTrips.reset();
        roundTrips.inc(sources.databaseRoundTrips());
        registry.registerMetric(roundTrips);
      }
      if (sources.certificate) {
        certificateEnd.set(sources.certificate.secondsUntilExpiry);
        certificateFailed.set(sources.certificate.reloadFailed ? 1 : 0);
        registry.registerMetric(certificateEnd);
        registry.registerMetric(certificateFailed);
      }
      return `${await registry.metrics()}${load ? await deployment.metrics() : ""}`;
    },
    contentType: registry.contentType,
  };
}

/**
 * Less than Prometheus waits for the whole response (10 s by default), so that the other metrics
 * still arrive.
 */
const STORE_TIMEOUT_MS = 3_000;

/**
 * Null when it fails or takes longer. The store reports its own errors; here the metric is only
 * left out.
 */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | null> {
  const over = Promise.withResolvers<null>();
  const timer = setTimeout(() => over.resolve(null), timeoutMs);
  try {
    return await Promise.race([work.catch(() => null), over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
