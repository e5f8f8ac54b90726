import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sleep, systemClock } from "@halligan/protocol/time";
import { measureFileBaseline } from "../baselines/file-baseline-process.ts";
import { SpawnBaseline } from "../baselines/spawn-baseline-process.ts";
import type { Bench, BenchContext } from "../bench.ts";
import type { Competitor } from "../competitors/competitor.ts";
import { startHalligan } from "../competitors/halligan.ts";
import { startMeshCentral } from "../competitors/meshcentral/meshcentral.ts";
import { startSsh } from "../competitors/ssh.ts";
import type { Goal, Measured } from "../figure.ts";
import { writeSampleFile } from "../files/sample-files.ts";
import { sha256Of } from "../files/sha256-of.ts";
import { SCRIPT_OUTPUT, writeTrivialScript } from "../processes/trivial-script.ts";
import { hasProcessFiles, type Memory, memoryOf } from "../processes/usage.ts";
import { median, percentile } from "../statistics.ts";

const MB = 1_000_000;
const MIB = 1024 * 1024;
/** A response that takes longer counts as late. */
const LATE_MS = 2_000;
const SETTLE_MS = 3_000;
const SAMPLE_MS = 500;

/**
 * Halligan, MeshCentral, ssh and Ansible with the same work on this machine, each as a caller uses
 * it; who goes first changes with each round.
 *
 * Measured: `echo ok` on one device until its output is at the caller; scripts a second on forty
 * devices, each with a caller that starts the next one when it has the last output; a file of
 * random bytes to a device and from it, until all bytes are there, then compared; the memory of
 * servers and agents, idle and under those scripts. What has no answer or another one is lost;
 * what takes more than two seconds is late. Baselines, in the same run: `/bin/sh` spawned by Node,
 * alone and forty at a time; the file over loopback HTTP, hashed at both ends.
 *
 * The figures stand for different work: the notes say what each competitor does not do. Not
 * measured: a network, devices on machines of their own, a fleet of Ansible.
 */
export const competitors: Bench = {
  name: "competitors",
  about: "the same work by MeshCentral, ssh and Ansible, where installed; installs MeshCentral",
  onlyByName: true,
  async run(context) {
    const devices = context.quick ? 2 : 40;
    await using owner = new AsyncDisposableStack();
    const contestants: Competitor[] = [owner.use(await startHalligan(context, devices))];
    if (process.platform === "linux" && process.arch === "x64") {
      contestants.push(owner.use(await startMeshCentral(context, devices)));
    } else {
      context.note("MeshCentral left out: its package has no agent that is measured here for this system");
    }
    for (const one of await startSsh(context, devices)) contestants.push(owner.use(one));
    for (const { name, lacks } of contestants) context.note(`${name}: ${lacks}`);
    const script = await writeTrivialScript(context.folder);
    await sleep(systemClock, context.quick ? 0 : SETTLE_MS, context.signal);
    return [
      ...(await memoryFigures(context.signal, contestants, "idle", async () => undefined)),
      ...(await oneDevice(context, contestants, script)),
      ...(await manyDevices(context, contestants, script)),
      ...(await files(context, contestants)),
    ];
  },
};

/** The first of each round is another one. */
const rotated = <T>(all: readonly T[], round: number): T[] => all.map((_, i) => all[(i + round) % all.length] as T);

/** Times of runs, and what became of the others. */
class Runs {
  readonly timesMs: number[] = [];
  lost = 0;

  get late(): number {
    return this.timesMs.filter((ms) => ms > LATE_MS).length;
  }

  async add(work: () => Promise<string>): Promise<void> {
    const begunMs = performance.now();
    const output = await work().catch(() => null);
    if (output === SCRIPT_OUTPUT) this.timesMs.push(performance.now() - begunMs);
    else this.lost += 1;
  }

  failures(what: string): Measured[] {
    return [
      { figure: `${what}: lost`, value: this.lost, unit: "actions" },
      { figure: `${what}: later than 2 s`, value: this.late, unit: "actions" },
    ];
  }
}

async function oneDevice(
  context: BenchContext,
  contestants: readonly Competitor[],
  script: string,
): Promise<Measured[]> {
  const [warmUp, rounds] = context.quick ? [0, 2] : [20, 100];
  await using baseline = new SpawnBaseline("node", script);
  const all = contestants.map((contestant) => ({ contestant, runs: new Runs() }));
  const baselinesMs: number[] = [];
  for (let round = -warmUp; round < rounds; round += 1) {
    context.signal.throwIfAborted();
    baselinesMs.push(...(await baseline.spawn(1, 1)).timesMs);
    for (const { contestant, runs } of rotated(all, round + warmUp)) {
      // A program that starts for each run has nothing that warms up.
      if (round % contestant.everyRounds !== 0 || (round < 0 && contestant.everyRounds > 1)) continue;
      const kept = round < 0 ? new Runs() : runs;
      await kept.add(() => contestant.run(0));
    }
  }
  const p50 = all.map(({ contestant: { name }, runs }) => ({ name, value: median(runs.timesMs) }));
  return [
    ...all.flatMap(({ contestant: { name }, runs }): Measured[] => [
      { figure: `script, p50: ${name}`, value: median(runs.timesMs), unit: "ms", baseline: median(baselinesMs) },
      { figure: `script, p99: ${name}`, value: percentile(runs.timesMs, 0.99), unit: "ms" },
      ...runs.failures(`script: ${name}`),
    ]),
    ...againstBest("script, p50", p50, "ms", "least"),
  ];
}

async function manyDevices(
  context: BenchContext,
  contestants: readonly Competitor[],
  script: string,
): Promise<Measured[]> {
  const [rounds, measureMs] = context.quick ? [1, 300] : [3, 5_000];
  const all = contestants
    .filter(({ devices }) => devices > 0)
    .map((contestant) => ({ contestant, runs: new Runs(), rates: [] as number[] }));
  const baselineRates: number[] = [];
  const memory: Measured[] = [];
  await using baseline = new SpawnBaseline("node", script);
  for (let round = 0; round < rounds; round += 1) {
    const { devices } = contestants[0] as Competitor;
    const spawns = devices * (context.quick ? 1 : 25);
    baselineRates.push((spawns * 1_000) / (await baseline.spawn(spawns, devices)).wallMs);
    for (const { contestant, runs, rates } of rotated(all, round)) {
      context.signal.throwIfAborted();
      const work = async () => {
        const before = runs.timesMs.length;
        const begunMs = performance.now();
        const caller = async (device: number) => {
          do await runs.add(() => contestant.run(device));
          while (performance.now() - begunMs < measureMs);
        };
        await Promise.all(Array.from({ length: contestant.devices }, (_, device) => caller(device)));
        rates.push(((runs.timesMs.length - before) * 1_000) / (performance.now() - begunMs));
      };
      // Only once: reading the memory of eighty processes is work too.
      if (round === rounds - 1) memory.push(...(await memoryFigures(context.signal, [contestant], "busy", work)));
      else await work();
    }
  }
  const rates = all.map(({ contestant: { name }, rates }) => ({ name, value: median(rates) }));
  return [
    ...all.flatMap(({ contestant: { name }, runs, rates }): Measured[] => [
      { figure: `scripts: ${name}`, value: median(rates), unit: "/s", baseline: median(baselineRates) },
      { figure: `scripts, p50: ${name}`, value: median(runs.timesMs), unit: "ms" },
      { figure: `scripts, p99: ${name}`, value: percentile(runs.timesMs, 0.99), unit: "ms" },
      ...runs.failures(`scripts: ${name}`),
    ]),
    ...againstBest("scripts", rates, "/s", "most"),
    ...memory,
  ];
}

async function files(context: BenchContext, contestants: readonly Competitor[]): Promise<Measured[]> {
  const [rounds, sizeBytes] = context.quick ? [1, 3 * MB] : [3, context.large ? 1_000 * MB : 64 * MIB];
  const all = contestants.flatMap(({ name, files }) =>
    files ? [{ name, files, put: [] as number[], get: [] as number[] }] : [],
  );
  const baselines: number[] = [];
  const speed = (begunMs: number) => sizeBytes / 1_000 / (performance.now() - begunMs);
  for (let round = 0; round < rounds; round += 1) {
    // Other bytes each time: Halligan does not send a content again that the device has.
    const sample = await writeSampleFile("random", join(context.folder, `sample-${round}.bin`), sizeBytes);
    const target = join(context.folder, "fetched.bin");
    baselines.push(await measureFileBaseline(sample, target));
    for (const { name, files, put, get } of rotated(all, round)) {
      context.signal.throwIfAborted();
      const putMs = performance.now();
      const arrived = await files.put(sample.file);
      put.push(speed(putMs));
      await rm(target, { force: true });
      const getMs = performance.now();
      await files.get(arrived, target);
      get.push(speed(getMs));
      for (const file of [arrived, target]) {
        if ((await sha256Of(createReadStream(file))) !== sample.sha256) throw new Error(`${name} changed the file`);
      }
      await rm(arrived);
    }
    await rm(sample.file);
    await rm(target);
  }
  const baseline = median(baselines);
  return (["put", "get"] as const).flatMap((way) => {
    const speeds = all.map((one) => ({ name: one.name, value: median(one[way]) }));
    return [
      ...speeds.map(
        ({ name, value }): Measured => ({ figure: `file, ${way}: ${name}`, value, unit: "MB/s", baseline }),
      ),
      ...againstBest(`file, ${way}`, speeds, "MB/s", "most"),
    ];
  });
}

/** The figure of Halligan, the first one, with the best of the others as its baseline. */
function againstBest(
  what: string,
  [ours, ...others]: readonly { readonly name: string; readonly value: number }[],
  unit: Measured["unit"],
  better: "least" | "most",
): Measured[] {
  const [best] = others.toSorted((a, b) => (better === "least" ? a.value - b.value : b.value - a.value));
  if (ours === undefined || best === undefined) return [];
  const goals: Goal[] = [
    better === "least" ? { kind: "atMostTimesBaseline", limit: 1 } : { kind: "atLeastTimesBaseline", limit: 1 },
  ];
  return [{ figure: `${what}: Halligan against ${best.name}`, value: ours.value, unit, baseline: best.value, goals }];
}

/** The highest of the server, and of each agent in the middle of all, while `work` goes on. */
async function memoryFigures(
  signal: AbortSignal,
  contestants: readonly Competitor[],
  when: "idle" | "busy",
  work: () => Promise<void>,
): Promise<Measured[]> {
  if (!hasProcessFiles) return [];
  const working = work();
  let isOver = false;
  const over = working.finally(() => {
    isOver = true;
  });
  over.catch(() => undefined);
  const figures: Measured[] = [];
  for (const { name, processes } of contestants) {
    if (processes === null) continue;
    const { server, agents } = processes;
    const samples: { server: Memory; agents: Memory[] }[] = [];
    do {
      await Promise.race([over, sleep(systemClock, SAMPLE_MS, signal)]);
      samples.push({ server: await memoryOf(server), agents: await Promise.all(agents.map(memoryOf)) });
    } while (when === "busy" && !isOver);
    for (const [kind, key] of [
      ["RSS", "rssBytes"],
      ["PSS", "pssBytes"],
    ] as const) {
      const ofServer = Math.max(...samples.map((sample) => sample.server[key]));
      const ofAgents = Math.max(...samples.map((sample) => median(sample.agents.map((agent) => agent[key]))));
      figures.push({ figure: `${when}, server ${kind}: ${name}`, value: ofServer / MB, unit: "MB" });
      figures.push({ figure: `${when}, agent ${kind}: ${name}`, value: ofAgents / MB, unit: "MB" });
    }
  }
  await working;
  return figures;
}
