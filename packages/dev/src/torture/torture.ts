import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MachineActionWire } from "@halligan/protocol/api";
import { systemClock } from "@halligan/protocol/time";
import type { Runtime } from "../runtimes.ts";
import { World } from "../world.ts";
import { Caller } from "./caller.ts";
import { checkActions } from "./checks/check-actions.ts";
import { checkAudit } from "./checks/check-audit.ts";
import { checkBlobFolder, checkNoProcesses } from "./checks/check-leftovers.ts";
import { checkLines } from "./checks/check-lines.ts";
import { checkResults } from "./checks/check-results.ts";
import { FaultProxy } from "./faults/fault-proxy.ts";
import { KillMoments, START_REQUESTED } from "./faults/kill-moments.ts";
import { injectNetworkFaults, type NetworkFaultCounts } from "./faults/network-faults.ts";
import { ProcessFaults } from "./faults/process-faults.ts";
import { Ledger } from "./ledger.ts";
import { makePlan, probePlan } from "./plan.ts";
import { addScripts } from "./scripts.ts";
import { SeededRandom } from "./seeded-random.ts";
import { ServerGate } from "./server-gate.ts";
import { Violations } from "./violations.ts";

export interface TortureOptions {
  readonly kills: number;
  readonly agents: number;
  readonly seed: string;
  readonly runtime: Runtime;
}

export interface TortureReport extends NetworkFaultCounts {
  readonly serverKills: number;
  readonly agentKills: number;
  /** By final status. */
  readonly actions: Readonly<Record<string, number>>;
  readonly lines: number;
  readonly results: number;
  readonly cancels: number;
  /** Answers that a kill took away, and starts among them that had been accepted. */
  readonly lostAnswers: number;
  readonly foundAgain: number;
  readonly unfinishedUploads: number;
  readonly violations: readonly string[];
}

const SETTINGS = {
  HALLIGAN_LIMITS_PROFILE: "open",
  HALLIGAN_LINK_PING_INTERVAL_MS: "500",
  HALLIGAN_REREAD_INTERVAL_MS: "500",
  HALLIGAN_SWEEP_INTERVAL_MS: "200",
};
/**
 * Two of the agent's longest backoffs and its connect timeout, on a loaded machine. After the
 * recovery nothing may take longer.
 */
const SETTLE_WITHIN_MS = 180_000;

/**
 * Real processes, real faults: kills -9 either side and breaks the network while callers work, then
 * recovers all and checks every promise.
 */
export async function torture(options: TortureOptions, say: (text: string) => void): Promise<TortureReport> {
  const random = new SeededRandom(options.seed);
  const violations = new Violations(say);
  const moments = new KillMoments(random.fork("moments"));
  const onLine = (program: string, line: string) => {
    moments.observe(program, line);
    if (/"level":(50|60|"error")/.test(line)) violations.add(`${program} logged an error: ${line.slice(0, 600)}`);
  };
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await World.start({ agents: 0, runtime: options.runtime, settings: SETTINGS, onLine }));
  const linesFile = join(world.folder, "lines");
  await writeFile(linesFile, "");
  await addScripts(world.client);

  const over = new AbortController();
  stack.defer(() => over.abort());
  const gate = new ServerGate(over.signal);
  const processes = new ProcessFaults(world, random.fork("processes"), gate, violations);
  stack.defer(() => processes.end());
  const proxies: FaultProxy[] = [];
  for (let i = 1; i <= options.agents; i += 1) {
    const proxy = stack.use(await FaultProxy.listen(world.credentials.baseUrl));
    proxies.push(proxy);
    processes.startAgent((await world.enrollAgent(`device-${i}`, proxy.url)).id);
  }

  const ledger = new Ledger();
  const asking = () => moments.observe("caller", START_REQUESTED);
  const counts: NetworkFaultCounts = { cuts: 0, silences: 0, delays: 0, refusals: 0 };
  const faulty = new AbortController();
  const callers = world.machines.map(
    ({ id }) => new Caller({ client: world.client, gate, ledger, violations, asking }, id),
  );
  const calling = callers.map(async (caller, i) => {
    const own = random.fork(`caller ${i}`);
    for (let n = 0; !faulty.signal.aborted; n += 1) {
      await caller.run(makePlan(own, `${i}-${n}`, linesFile), over.signal);
    }
  });
  const networkFaults = proxies.map((proxy, i) =>
    injectNetworkFaults(proxy, random.fork(`network ${i}`), counts, faulty.signal),
  );
  const onKill = () => {
    if (processes.kills % 10 === 0) say(`${processes.kills} kills, ${ledger.accepted.size} actions`);
  };
  try {
    const worked = Promise.all(calling);
    await Promise.race([processes.killMany(options.kills, moments, onKill, over.signal), worked.then(() => undefined)]);
    faulty.abort();
    await Promise.all(networkFaults);
    say(`${processes.kills} kills done, all faults ended; waiting for running actions`);
    await within(SETTLE_WITHIN_MS, worked, () => stuck(world, violations));
    const probes = callers.map((caller, i) => caller.run(probePlan(`probe-${i}`, linesFile), over.signal));
    for (const { id, machineId, status } of await within(SETTLE_WITHIN_MS, Promise.all(probes), () =>
      stuck(world, violations),
    )) {
      if (status !== "Succeeded") violations.add(`action ${id} on recovered machine ${machineId} ended as ${status}`);
    }
  } catch (cause) {
    violations.add(`the run could not go on: ${cause instanceof Error ? cause.stack : cause}`);
  } finally {
    faulty.abort();
    over.abort();
    await Promise.allSettled([...calling, ...networkFaults]);
  }

  const actions = await world.client.listMachineActions();
  const lines = await checkLines(linesFile, ledger, violations);
  checkActions(actions, ledger, lines, violations);
  await checkAudit(world, actions, violations);
  const results = await checkResults(world.client, actions, ledger, violations);
  const machineIds = world.machines.map(({ id }) => id);
  await checkNoProcesses(machineIds, violations);
  const mayRemain = processes.kills + actions.filter(({ status }) => status !== "Succeeded").length;
  const unfinishedUploads = await checkBlobFolder(world.dataDir, mayRemain, violations);
  return {
    ...counts,
    serverKills: processes.serverKills,
    agentKills: processes.agentKills,
    actions: byStatus(actions),
    lines: lines.size,
    results,
    cancels: ledger.cancels,
    lostAnswers: gate.lostAnswers,
    foundAgain: ledger.foundAgain,
    unfinishedUploads,
    violations: violations.list,
  };
}

function byStatus(actions: readonly MachineActionWire[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of actions) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function stuck({ client }: World, violations: Violations): Promise<void> {
  const unfinished = await client.listMachineActions({ filter: "status eq 'Pending' or status eq 'InProgress'" });
  for (const action of unfinished) violations.add(`stuck: ${JSON.stringify(action)}`);
}

/** Rejects, after `late`, when `work` takes longer. */
async function within<T>(ms: number, work: Promise<T>, late: () => Promise<void>): Promise<T> {
  const timedOut = Promise.withResolvers<never>();
  const cancel = systemClock.after(ms, () => {
    void late().finally(() => timedOut.reject(new Error(`not done ${ms} ms after everything recovered`)));
  });
  try {
    return await Promise.race([work, timedOut.promise]);
  } finally {
    cancel();
  }
}
