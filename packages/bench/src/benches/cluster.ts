import { join } from "node:path";
import { openOwnBackends } from "@halligan/dev/own-backends";
import { type ClusterBackends, freePort } from "@halligan/dev/testing";
import { commitBaseline } from "../baselines/commit-baseline.ts";
import type { Bench, BenchContext } from "../bench.ts";
import { FleetProcess } from "../fleet/fleet-process.ts";
import type { Api } from "../load/api.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript } from "../processes/trivial-script.ts";
import { hasProcessFiles, processorMs } from "../processes/usage.ts";
import { percentile } from "../statistics.ts";

/**
 * The server as one, two and three nodes with PostgreSQL, NATS and an object store. The bench
 * starts its own backends for each number of nodes. If one of them is not installed, the bench says
 * so and gives no figure.
 *
 * Measured, after a warm-up: whole actions a second as in `actions`, each device's caller at
 * another node than its link; the processor time of all nodes for an action, and their round trips
 * to PostgreSQL, including those of background work; from the POST to the order in the device's
 * journal, one at a time, within one node and from one node to another.
 *
 * Not measured: machines of their own. Nodes, backends, devices and callers share the cores, so
 * more nodes cannot be faster here: what is shown is what they cost. fsync of PostgreSQL is on. The
 * baseline of each figure is the same with one node; that of one node are commits of one row each
 * (`commit-baseline.ts`).
 */
export const cluster: Bench = {
  name: "cluster",
  about: "1, 2 and 3 nodes on PostgreSQL and NATS",
  async run(context) {
    const counts = context.quick ? [2] : [1, 2, 3];
    const measured = new Map<number, Measurement>();
    let commits: number | null = null;
    for (const nodes of counts) {
      await using backends = await openEngines(context);
      if (!backends) return [];
      commits ??= await commitBaseline(context.folder, backends.postgres.url, context.quick ? 1 : 5);
      measured.set(nodes, await measure(context, backends, nodes));
    }
    const one = measured.get(1);
    return [...measured].flatMap(([nodes, { perSecond, processorMsEach, roundTripsEach, sameMs, acrossMs }]) => {
      const name = nodes === 1 ? "1 node" : `${nodes} nodes`;
      const isLast = nodes === counts.at(-1);
      return [
        {
          figure: `${name} on PostgreSQL`,
          value: perSecond,
          unit: "/s" as const,
          ...(one && nodes > 1 && { baseline: one.perSecond }),
          ...(nodes === 1 && commits !== null && { baseline: commits }),
          goals:
            nodes === 1
              ? [{ kind: "atLeast", limit: 1_000 }]
              : isLast && one
                ? [{ kind: "atLeastTimesBaseline", limit: 1 }]
                : [],
        },
        {
          figure: `${name}: processor time an action`,
          value: processorMsEach,
          unit: "ms" as const,
          ...(one && nodes > 1 && { baseline: one.processorMsEach }),
          goals: isLast && one ? [{ kind: "atMostTimesBaseline", limit: 1.3 }] : [],
        },
        {
          figure: `${name}: round trips an action`,
          value: roundTripsEach,
          unit: "round trips" as const,
          ...(one && nodes > 1 && { baseline: one.roundTripsEach }),
          goals: [{ kind: "atMost", limit: 4 }],
        },
        ...(isLast
          ? [0.5, 0.99].map((share) => ({
              figure: `submit to agent across nodes, p${share * 100}`,
              value: percentile(acrossMs, share),
              unit: "ms" as const,
              baseline: percentile(sameMs, share),
            }))
          : []),
      ];
    });
  },
};

interface Measurement {
  readonly perSecond: number;
  readonly processorMsEach: number;
  readonly roundTripsEach: number;
  /** From submit to agent, within one node and across. */
  readonly sameMs: readonly number[];
  readonly acrossMs: readonly number[];
}

async function openEngines(context: BenchContext): Promise<ClusterBackends | null> {
  const backends = await openOwnBackends();
  if (typeof backends !== "string") return backends;
  context.note(`left out: ${backends}`);
  return null;
}

async function measure(context: BenchContext, backends: ClusterBackends, count: number): Promise<Measurement> {
  const [devices, warmUpMs, measureMs, serial] = context.quick ? [4, 50, 200, 4] : [500, 4_000, 8_000, 200];
  await using owner = new AsyncDisposableStack();
  const nodes = await startNodes(context, backends, count, owner);
  const [first] = nodes;
  if (!first) throw new Error("a cluster has a node");
  const api = owner.use(await first.signIn(4));
  const urls = nodes.map(({ baseUrl }) => baseUrl);
  await addTrivialScript(first, context.folder);
  const fleetOf = async (name: string, size: number, callersAt: "same" | "next") => {
    const fleet = owner.use(new FleetProcess(`${name}-${count}`));
    await fleet.enroll(api, size, urls, { callersAt });
    await fleet.link();
    return fleet;
  };
  const same = await (await fleetOf("same", count, "same")).dispatch(serial);
  const across = await (await fleetOf("across", count, "next")).dispatch(serial);
  const fleet = await fleetOf("work", devices, "next");
  // Each node compiles the same code once: in a processor time that includes it, more nodes would
  // only be measured for a shorter time each.
  const warmedUp = await fleet.work(0, warmUpMs);
  const before = await usageOf(nodes);
  const worked = await fleet.work(0, measureMs);
  const after = await usageOf(nodes);
  const accepted = warmedUp.accepted + worked.accepted;
  await checkNothingLost(api, accepted + 2 * serial);
  context.note(`${count} nodes: ${accepted} actions, none lost`);
  return {
    perSecond: (worked.measured * 1_000) / worked.measuredMs,
    processorMsEach: (after.processorMs - before.processorMs) / worked.accepted,
    roundTripsEach: (after.roundTrips - before.roundTrips) / worked.accepted,
    sameMs: same,
    acrossMs: across,
  };
}

async function startNodes(
  context: BenchContext,
  backends: ClusterBackends,
  count: number,
  owner: AsyncDisposableStack,
): Promise<BenchServer[]> {
  const nodes: BenchServer[] = [];
  const settings = {
    ...backends.blobs,
    HALLIGAN_DATABASE_URL: backends.postgres.url,
    HALLIGAN_BUS_URL: backends.nats.url,
    // What others would reach them all by; here each is asked by its own address.
    HALLIGAN_PUBLIC_URL: `http://127.0.0.1:${await freePort()}`,
  };
  for (let n = 1; n <= count; n += 1) {
    const [first] = nodes;
    // The first makes the keys, the others are given them.
    const keys = first && { HALLIGAN_KEYS_DIR: join(first.dataDir, "keys") };
    const options = { folderName: `${count}-nodes-${n}`, settings: { ...settings, ...keys } };
    nodes.push(owner.use(await BenchServer.start(context, options)));
  }
  return nodes;
}

/** Of all nodes since their start. */
async function usageOf(nodes: readonly BenchServer[]): Promise<{ processorMs: number; roundTrips: number }> {
  const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0);
  const times = await Promise.all(nodes.map(({ pid }) => (hasProcessFiles ? processorMs(pid) : Number.NaN)));
  const roundTrips = await Promise.all(nodes.map((node) => node.databaseRoundTrips()));
  return { processorMs: sum(times), roundTrips: sum(roundTrips) };
}

async function checkNothingLost(api: Api, accepted: number): Promise<void> {
  const succeeded = await api.countActions("status eq 'Succeeded'");
  if (succeeded !== accepted) throw new Error(`${accepted - succeeded} of ${accepted} actions are lost`);
}
