import { join } from "node:path";
import { SpawnBaseline } from "../baselines/spawn-baseline-process.ts";
import type { Bench, BenchContext } from "../bench.ts";
import type { Goal, Measured, Unit } from "../figure.ts";
import { endOf } from "../load/end-of-action.ts";
import { shippedRuntime, startRealAgent } from "../processes/real-agents.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript, RUN_SCRIPT } from "../processes/trivial-script.ts";
import { processorTimes } from "../processes/usage.ts";
import { median } from "../statistics.ts";
import { pagesByTable, tableOfPages } from "../syscalls/page-table.ts";
import { Trace, usableStrace } from "../syscalls/strace.ts";
import {
  isOnFile,
  makesFolder,
  removesFolder,
  type SystemCall,
  startsProcess,
  syncs,
  unixMs,
  writtenBy,
} from "../syscalls/system-calls.ts";
import { btreesByPage, FRAME_BYTES, type WalCommit, walCommits } from "../syscalls/wal-commits.ts";

/** 1,000 bytes, as in the other benches. */
const KB = 1_000;

/**
 * What one action asks of the system, on the server and on the device: one device, a trivial
 * script, one action after another, and a pause after each until both programs are quiet. `strace`
 * counts the calls.
 *
 * Measured: medians of the calls, commits and WAL pages of an action, which do not depend on the
 * machine. "On the path" is what happens between the POST and the moment when the caller knows the
 * end; the rest follows it. Checkpoints, which do not belong to one action, are a mean. A note
 * lists the pages of each btree and commit. Then, without strace, the processor time of the agent
 * and of the processes that it starts. Baseline: the same script spawned directly by the agent's
 * runtime, in turns with the actions.
 *
 * Not measured: times of single calls, since strace makes each slower; other databases.
 */
export const syscalls: Bench = {
  name: "syscalls",
  about: "system calls, commits and WAL pages of one action; the agent's processor time",
  async run(context) {
    const strace = await usableStrace(context);
    if (strace === null) return [];
    const counted = await count(context, strace, context.quick ? 8 : 40);
    return [...counted, ...(await processorTime(context, context.quick ? 20 : 400))];
  },
};

/** First uses of statements and files, and connections that are made once. */
const WARM_UP = 5;
const PROCESSOR_WARM_UP = 100;

interface Mark {
  readonly fromMs: number;
  /** The caller knows the end. */
  readonly endMs: number;
  /** All that followed has been done. */
  readonly quietMs: number;
}

async function count(context: BenchContext, strace: string, rounds: number): Promise<Measured[]> {
  const serverTrace = new Trace(strace, join(context.folder, "server.trace"));
  const agentTrace = new Trace(strace, join(context.folder, "agent.trace"));
  const marks: Mark[] = [];
  await using server = await BenchServer.start(context, { under: serverTrace.prefix, folderName: "traced" });
  {
    using api = await server.signIn(1);
    await addTrivialScript(server, context.folder);
    const runtime = shippedRuntime(context);
    await using agent = await startRealAgent(context, server, api, "traced", runtime, agentTrace.prefix);
    for (let round = -WARM_UP; round < rounds; round += 1) {
      const fromMs = unixMs();
      await endOf(api, await api.startAction(agent.machineId, RUN_SCRIPT), context.signal);
      const endMs = unixMs();
      await Promise.all([serverTrace.quiet(context.signal), agentTrace.quiet(context.signal)]);
      if (round >= 0) marks.push({ fromMs, endMs, quietMs: unixMs() });
    }
  }
  const [serverCalls, agentCalls] = await Promise.all([serverTrace.calls(), agentTrace.calls()]);
  await server.stop();
  const btrees = btreesByPage(join(server.dataDir, "halligan.db"));
  const actions = marks.map((mark) => commitsOf(walCommits(serverCalls), mark));
  context.note(`WAL pages of an action by btree and commit, mean of ${rounds}:\n${tableOfPages(actions, btrees)}`);
  return [
    ...serverFigures(serverCalls, marks, actions),
    ...[...pagesByTable(actions, btrees)].map(([table, value]) => pages(`server: WAL pages of ${table}, mean`, value)),
    ...agentFigures(agentCalls, marks),
  ];
}

const commitsOf = (commits: readonly WalCommit[], { fromMs, quietMs }: Mark): WalCommit[] =>
  commits.filter(({ atMs }) => atMs >= fromMs && atMs < quietMs);

const pages = (figure: string, value: number, goals: Goal[] = []): Measured => ({
  figure,
  value,
  unit: "pages",
  goals,
});

function serverFigures(
  calls: readonly SystemCall[],
  marks: readonly Mark[],
  actions: readonly (readonly WalCommit[])[],
): Measured[] {
  const frames = actions.map((commits) => commits.reduce((sum, commit) => sum + commit.pages.length, 0));
  const onPath = actions.map((commits, i) => commits.filter(({ atMs }) => atMs < (marks[i]?.endMs ?? 0)).length);
  const isWal = (call: SystemCall) => isOnFile(call, ".db-wal");
  // A page that a checkpoint writes: no commit writes into the database itself.
  const checkpointed = (call: SystemCall) => isOnFile(call, "halligan.db") && writtenBy(call) !== null;
  const [from, until] = [marks[0]?.fromMs ?? 0, marks.at(-1)?.quietMs ?? 0];
  const checkpoints = calls.filter((call) => checkpointed(call) && call.begunMs >= from && call.begunMs < until);
  return [
    {
      figure: "server: commits on the path",
      value: median(onPath),
      unit: "commits",
      goals: [{ kind: "atMost", limit: 2 }],
    },
    { figure: "server: commits", value: median(actions.map(({ length }) => length)), unit: "commits" },
    perAction("server: fsync and fdatasync", calls, marks, syncs),
    perAction("server: pwrite64", calls, marks, ({ name }) => name === "pwrite64"),
    perAction("server: pwrite64 into the WAL", calls, marks, (call) => isWal(call) && writtenBy(call) !== null),
    pages("server: WAL pages", median(frames), [{ kind: "atMost", limit: 20 }]),
    { figure: "server: WAL written", value: (median(frames) * FRAME_BYTES) / KB, unit: "KB" },
    pages("server: pages of checkpoints, mean", checkpoints.length / marks.length),
  ];
}

function agentFigures(calls: readonly SystemCall[], marks: readonly Mark[]): Measured[] {
  const onPath = marks.map(({ fromMs, endMs }) => ({ fromMs, endMs, quietMs: endMs }));
  return [
    perAction("agent: fdatasync on the path", calls, onPath, syncs, [{ kind: "atMost", limit: 1 }]),
    perAction("agent: fdatasync", calls, marks, syncs),
    perAction("agent: mkdir", calls, marks, makesFolder),
    perAction("agent: rmdir", calls, marks, removesFolder),
    perAction(
      "agent: unlink",
      calls,
      marks,
      ({ name, args }) => name.startsWith("unlink") && !args.includes("REMOVEDIR"),
    ),
    perAction("agent: processes started", calls, marks, startsProcess),
    perAction("agent: execve", calls, marks, ({ name }) => name === "execve"),
  ];
}

function perAction(
  figure: string,
  calls: readonly SystemCall[],
  marks: readonly Mark[],
  isCounted: (call: SystemCall) => boolean,
  goals: Goal[] = [],
): Measured {
  const counted = calls.filter(isCounted);
  const counts = marks.map(
    ({ fromMs, quietMs }) => counted.filter(({ begunMs }) => begunMs >= fromMs && begunMs < quietMs).length,
  );
  return { figure, value: median(counts), unit: "calls" satisfies Unit, goals };
}

/** On the device, with and without the processes that the agent starts for a script. */
async function processorTime(context: BenchContext, rounds: number): Promise<Measured[]> {
  const runtime = shippedRuntime(context);
  await using server = await BenchServer.start(context, { folderName: "untraced" });
  using api = await server.signIn(1);
  const script = await addTrivialScript(server, context.folder);
  await using agent = await startRealAgent(context, server, api, "untraced", runtime);
  await using baseline = new SpawnBaseline(runtime, script);
  const run = async (count: number) => {
    for (let round = 0; round < count; round += 1) {
      context.signal.throwIfAborted();
      await baseline.spawn(1, 1);
      await endOf(api, await api.startAction(agent.machineId, RUN_SCRIPT), context.signal);
    }
  };
  const used = () => Promise.all([server, agent, baseline].map(({ pid }) => processorTimes(pid)));
  await run(context.quick ? 0 : PROCESSOR_WARM_UP);
  const before = await used();
  await run(rounds);
  const [ofServer, ofAgent, bare] = (await used()).map(({ ownMs, childrenMs }, i) => {
    const own = (ownMs - (before[i]?.ownMs ?? 0)) / rounds;
    return { own, all: own + (childrenMs - (before[i]?.childrenMs ?? 0)) / rounds };
  });
  if (!ofServer || !ofAgent || !bare) return [];
  return [
    {
      figure: "agent and script: processor time",
      value: ofAgent.all,
      unit: "ms",
      baseline: bare.all,
      goals: [{ kind: "atMostTimesBaseline", limit: 2 }],
    },
    { figure: "agent alone: processor time", value: ofAgent.own, unit: "ms", baseline: bare.own },
    { figure: "server: processor time", value: ofServer.own, unit: "ms" },
  ];
}
