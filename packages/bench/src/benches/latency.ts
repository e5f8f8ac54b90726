import type { Runtime } from "@halligan/dev/testing";
import { SpawnBaseline } from "../baselines/spawn-baseline-process.ts";
import { STEPS, type Step, StepCosts } from "../baselines/step-costs.ts";
import type { Bench, BenchContext } from "../bench.ts";
import type { Measured } from "../figure.ts";
import type { Api } from "../load/api.ts";
import { endOf } from "../load/end-of-action.ts";
import { runToEnd } from "../load/run-to-end.ts";
import { type RealAgent, shippedRuntime, startRealAgent } from "../processes/real-agents.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript, RUN_SCRIPT, SCRIPT_OUTPUT } from "../processes/trivial-script.ts";
import { median, percentile } from "../statistics.ts";

/**
 * One device, a trivial script, one action after another.
 *
 * Measured: from the start until the caller has the output, by one request that waits for the end
 * (`wait=`), as the CLI does it. In turns with it: the contract's start, and events until the
 * action has Succeeded, which by contract is when its result can be downloaded. All of it is
 * durable: the action, its claim, its end with the transcript on the server; the order, its start
 * and its end in the agent's journal. Every output is compared.
 *
 * Not measured: a network (both ends are on loopback), TLS, the token request. Baseline: the same
 * script spawned directly with its output captured, by the agent's runtime, in turns with the
 * actions, so that a busy machine slows both alike.
 */
export const latency: Bench = {
  name: "latency",
  about: "submit to output: one device, trivial script, serial",
  async run(context) {
    const rounds = context.quick ? 10 : 500;
    const shipped = shippedRuntime(context);
    const { timesMs, byEventsMs, baselinesMs, stepsMs } = await measure(context, shipped, rounds);
    const baseline = median(baselinesMs);
    const p50 = median(timesMs);
    const inAction = (step: Step): number => STEPS[step] * median(stepsMs[step]);
    const steps: Measured[] = [
      { figure: "of p50: two bare commits of ten pages", value: inAction("commit"), unit: "ms" },
      { figure: "of p50: a bare sync of a journal", value: inAction("journalSync"), unit: "ms" },
      { figure: "of p50: two bare signatures with their checks", value: inAction("signature"), unit: "ms" },
      { figure: "of p50: a bare request", value: inAction("request"), unit: "ms" },
      { figure: "of p50: two bare round trips of a WebSocket", value: inAction("linkRoundTrip"), unit: "ms" },
    ];
    const bareMs = steps.reduce((sum, { value }) => sum + value, baseline);
    const figures: Measured[] = [
      {
        figure: "p50",
        value: p50,
        unit: "ms",
        baseline,
        goals: [{ kind: "atMostTimesBaseline", limit: 3 }],
      },
      {
        figure: "p99",
        value: percentile(timesMs, 0.99),
        unit: "ms",
        baseline: percentile(baselinesMs, 0.99),
      },
      {
        figure: "p99, as times of p50",
        value: percentile(timesMs, 0.99) / p50,
        unit: "times",
        goals: [{ kind: "atMost", limit: 4 }],
      },
      { figure: "p50, by the contract's start and events", value: median(byEventsMs), unit: "ms", baseline },
      ...steps,
      {
        figure: "p50, by these steps and the spawn",
        value: p50,
        unit: "ms",
        baseline: bareMs,
      },
    ];
    if (shipped === "node" || context.quick) return figures;
    const underNode = await measure(context, "node", Math.ceil(rounds / 2));
    return [
      ...figures,
      {
        figure: "p50, agent under Node",
        value: median(underNode.timesMs),
        unit: "ms",
        baseline: median(underNode.baselinesMs),
      },
    ];
  },
};

/** Caches, statements and compiled code are those of a server that has run for a moment. */
const WARM_UP = 100;

async function measure(
  context: BenchContext,
  runtime: Runtime,
  rounds: number,
): Promise<{ timesMs: number[]; byEventsMs: number[]; baselinesMs: number[]; stepsMs: StepCosts["times"] }> {
  await using server = await BenchServer.start(context, { folderName: `server-${runtime}` });
  using api = await server.signIn(1);
  const script = await addTrivialScript(server, context.folder);
  await using agent = await startRealAgent(context, server, api, `device-${runtime}`, runtime);
  await using baseline = new SpawnBaseline(runtime, script);
  await using steps = await StepCosts.open(context.folder);
  const timesMs: number[] = [];
  const byEventsMs: number[] = [];
  const baselinesMs: number[] = [];
  for (let round = context.quick ? 0 : -WARM_UP; round < rounds; round += 1) {
    context.signal.throwIfAborted();
    const [spawnMs = Number.NaN] = (await baseline.spawn(1, 1)).timesMs;
    const actionMs = await oneRequest(api, agent, context.signal);
    const eventsMs = await byEvents(api, agent, context.signal);
    if (round < 0) continue;
    await steps.measure();
    baselinesMs.push(spawnMs);
    timesMs.push(actionMs);
    byEventsMs.push(eventsMs);
  }
  return { timesMs, byEventsMs, baselinesMs, stepsMs: steps.times };
}

/** By one request, which returns the output when the action has ended. */
async function oneRequest(api: Api, agent: RealAgent, signal: AbortSignal): Promise<number> {
  const begunMs = performance.now();
  const output = await runToEnd(api, agent.machineId, RUN_SCRIPT, signal);
  const tookMs = performance.now() - begunMs;
  if (output !== SCRIPT_OUTPUT) throw new Error(`an action has the output ${JSON.stringify(output)}`);
  return tookMs;
}

/** By the contract's start, and Halligan's events. */
async function byEvents(api: Api, agent: RealAgent, signal: AbortSignal): Promise<number> {
  const begunMs = performance.now();
  const id = await api.startAction(agent.machineId, RUN_SCRIPT);
  await endOf(api, id, signal);
  const tookMs = performance.now() - begunMs;
  const { script_output: output } = await api.transcript(id);
  if (output !== SCRIPT_OUTPUT) throw new Error(`action ${id} has the output ${JSON.stringify(output)}`);
  return tookMs;
}
