import { SpawnBaseline } from "../baselines/spawn-baseline-process.ts";
import type { Bench } from "../bench.ts";
import { runToEnd } from "../load/run-to-end.ts";
import { shippedRuntime, startRealAgents } from "../processes/real-agents.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript, RUN_SCRIPT } from "../processes/trivial-script.ts";
import { percentile } from "../statistics.ts";

const BASELINE_SPAWNS = 4_000;

/**
 * Many real agents with real scripts. Each agent is a process with its own journal. Each has a
 * caller that starts the next action as soon as it has the output of the last one, by one request.
 *
 * Measured: complete actions per second after a warm-up, durable at both ends. Afterwards, the
 * server reports how many of them Succeeded, so a lost action is detected.
 *
 * Not measured: agents on separate machines. The agents, the scripts and the server share the
 * cores, so the figure is below the baseline by the cost of all work around a spawn. Baseline: as
 * many spawns of the same script, as many in parallel, from one process of the agent's runtime.
 */
export const scripts: Bench = {
  name: "scripts",
  about: "actions a second with real agents and real scripts",
  async run(context) {
    const [agentCount, warmUpMs, measureMs] = context.quick ? [2, 50, 200] : [40, 2_000, 10_000];
    const runtime = shippedRuntime(context);
    await using owner = new AsyncDisposableStack();
    const server = owner.use(await BenchServer.start(context));
    const api = owner.use(await server.signIn(agentCount + 1));
    const script = await addTrivialScript(server, context.folder);
    const agents = await startRealAgents(context, server, api, agentCount, runtime, owner);
    context.note(`${agentCount} agents under ${runtime} are linked`);

    const timesMs: number[] = [];
    let accepted = 0;
    const [fromMs, untilMs] = [performance.now() + warmUpMs, performance.now() + warmUpMs + measureMs];
    const work = async (machineId: string) => {
      while (performance.now() < untilMs || timesMs.length === 0) {
        context.signal.throwIfAborted();
        const begunMs = performance.now();
        accepted += 1;
        await runToEnd(api, machineId, RUN_SCRIPT, context.signal);
        const endedMs = performance.now();
        if (endedMs >= fromMs && (endedMs < untilMs || timesMs.length === 0)) timesMs.push(endedMs - begunMs);
      }
    };
    await Promise.all(agents.map(({ machineId }) => work(machineId)));
    const lost = accepted - (await api.countActions("status eq 'Succeeded'"));
    if (lost !== 0) throw new Error(`${lost} of ${accepted} actions are lost`);

    await using baseline = new SpawnBaseline(runtime, script);
    await baseline.spawn(agentCount, agentCount);
    const spawns = context.quick ? agentCount : BASELINE_SPAWNS;
    const direct = await baseline.spawn(spawns, agentCount);
    return [
      {
        figure: "actions",
        value: (timesMs.length * 1_000) / measureMs,
        unit: "/s",
        baseline: (spawns * 1_000) / direct.wallMs,
        goals: [{ kind: "atLeastTimesBaseline", limit: 0.5 }],
      },
      { figure: "p99 of one action", value: percentile(timesMs, 0.99), unit: "ms" },
      { figure: "lost", value: lost, unit: "actions", goals: [{ kind: "atMost", limit: 0 }] },
    ];
  },
};
