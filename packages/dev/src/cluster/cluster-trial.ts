import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep, systemClock } from "@halligan/protocol/time";
import { accessToken } from "../torture/access-token.ts";
import { Ledger } from "../torture/ledger.ts";
import { SeededRandom } from "../torture/seeded-random.ts";
import { Violations } from "../torture/violations.ts";
import type { ClusterBackends } from "./backends.ts";
import { checkCluster, type FoundAtTheEnd } from "./check-cluster.ts";
import { Cluster } from "./cluster.ts";
import { ClusterCaller } from "./cluster-caller.ts";
import { ClusterFaults } from "./cluster-faults.ts";
import { DeviceFleet } from "./devices/device-fleet.ts";
import { LINE_SCRIPT, makeLinePlan } from "./devices/line-script.ts";
import { probeDevices } from "./devices/probe-devices.ts";
import { EventHistory } from "./event-history.ts";
import { Outages } from "./outages.ts";
import { type EntryPoint, type ResponseCounts, WatchedApi } from "./watched-api.ts";

export interface ClusterTrialOptions {
  readonly backends: ClusterBackends;
  readonly nodes: number;
  readonly devices: number;
  /** How long faults are injected. Start, recovery and checks take additional time. */
  readonly seconds: number;
  readonly seed: string;
}

export interface ClusterTrialReport extends ResponseCounts, FoundAtTheEnd {
  readonly nodeKills: number;
  readonly backendFaults: Readonly<Record<"postgres" | "nats" | "cuts", number>>;
  readonly cancels: number;
  readonly foundAgain: number;
  readonly slowestAnswerMs: number;
  readonly violations: readonly string[];
  /** The histories of the actions that the violations name; empty without any. */
  readonly explanation: string;
}

const SETTINGS = {
  HALLIGAN_LIMITS_PROFILE: "open",
  HALLIGAN_REREAD_INTERVAL_MS: "1000",
  HALLIGAN_LINK_PING_INTERVAL_MS: "2000",
};
/** On a machine that is too busy for the requested time, the run takes longer. */
const MIN_NODE_KILLS = 3;
const CALLERS = 12;
const CALLER_PAUSE_MS = 40;
/** Longest time of any step after the recovery, on a loaded machine. */
const SETTLE_WITHIN_MS = 120_000;

/**
 * Runs several nodes and many devices under a steady load. It kills nodes and backends with SIGKILL
 * and cuts a node off. Then it recovers everything and checks every invariant.
 */
export async function clusterTrial(
  options: ClusterTrialOptions,
  say: (text: string) => void,
): Promise<ClusterTrialReport> {
  const { backends, seed } = options;
  const random = new SeededRandom(seed);
  const violations = new Violations(say);
  const history = new EventHistory();
  const outages = new Outages();
  const ledger = new Ledger();
  const run = new AbortController();
  await using owner = new AsyncDisposableStack();
  const onLine = (program: string, line: string) => history.observe(program, line);
  const cluster = owner.use(await Cluster.start({ backends, nodes: options.nodes, settings: SETTINGS, onLine }));
  const { client } = cluster;
  say(`${options.nodes} nodes listen`);
  await client.putLibraryFile({ fileName: LINE_SCRIPT, override: true, content: () => new Blob(["#!/bin/sh\n"]) });
  const linesFile = join(cluster.folder, "lines");
  await writeFile(linesFile, "");
  const { token: enrollmentToken } = await client.createEnrollmentToken({
    uses: options.devices,
    expiresInSeconds: 600,
  });
  const fleet = owner.use(
    await DeviceFleet.start(
      { baseUrl: cluster.balancer.url, devices: options.devices, namePrefix: "device", enrollmentToken, linesFile },
      (line) => history.observe("device", line),
    ),
  );
  void fleet.exited.then(() => {
    if (!run.signal.aborted) violations.add(`the devices ended by themselves: ${fleet.output.slice(-2_000)}`);
  });
  say(`${fleet.machineIds.length} devices are linked`);

  const api = new WatchedApi(await accessToken(cluster.credentials), outages, violations);
  const entryPoints = random.fork("doors");
  const pickEntryPoint = (): EntryPoint => {
    const running = cluster.nodes.filter((node) => node.isUp).map(({ url, name }) => ({ url, node: name }));
    return (entryPoints.chance(0.5) ? entryPoints.pickAny(running) : null) ?? { url: cluster.balancer.url, node: null };
  };
  const caller = new ClusterCaller({ api, ledger, violations, history, pickEntryPoint });
  const faults = new ClusterFaults({ cluster, backends, outages, violations, history, say });
  owner.defer(() => faults.end());
  const faulty = new AbortController();
  const recovered = new AbortController();
  const callers = Array.from({ length: CALLERS }, async (_, i) => {
    const own = random.fork(`caller ${i}`);
    const machineIds = fleet.machineIds.filter((_, m) => m % CALLERS === i);
    for (let n = 0; !recovered.signal.aborted; n += 1) {
      const machineId = machineIds[n % machineIds.length];
      if (machineId !== undefined) await caller.run(machineId, makeLinePlan(own, `${i}-${n}`), run.signal);
      await sleep(systemClock, CALLER_PAUSE_MS, run.signal);
    }
  });
  owner.defer(systemClock.after(options.seconds * 1_000, () => faulty.abort()));
  const injected = Promise.all([
    faults.killNodes(random.fork("nodes"), MIN_NODE_KILLS, faulty.signal, run.signal),
    faults.injectBackendFaults(random.fork("engines"), options.seconds * 1_000, faulty.signal, run.signal),
  ]);
  try {
    const worked = Promise.all(callers);
    await Promise.race([injected, worked.then(() => injected)]);
    recovered.abort();
    say(`all faults ended; ${ledger.accepted.size} actions were accepted`);
    await within(SETTLE_WITHIN_MS, worked);
    await within(SETTLE_WITHIN_MS, probeDevices(fleet.machineIds, caller, violations, run.signal));
    say("every device has run one action more");
  } catch (cause) {
    violations.add(`the run could not go on: ${cause instanceof Error ? cause.stack : cause}`);
  } finally {
    recovered.abort();
    faulty.abort();
    run.abort();
    await Promise.allSettled([...callers, injected]);
  }

  const found = await checkCluster(cluster, linesFile, ledger, violations);
  return {
    ...api.counts,
    nodeKills: outages.count(/^node-/),
    backendFaults: {
      postgres: outages.count(/^postgres$/),
      nats: outages.count(/^nats$/),
      cuts: outages.count(/^nats of/),
    },
    ...found,
    cancels: ledger.cancels,
    foundAgain: ledger.foundAgain,
    slowestAnswerMs: Math.round(api.slowestMs),
    violations: violations.list,
    explanation: violations.list.length === 0 ? "" : history.explain(violations.list),
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = systemClock.after(ms, () => late.reject(new Error(`not done ${ms} ms after everything recovered`)));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}
