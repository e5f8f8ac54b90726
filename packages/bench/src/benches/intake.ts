import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Bench, BenchContext } from "../bench.ts";
import { FleetProcess } from "../fleet/fleet-process.ts";
import { cloneMachines } from "../load/cloned-machines.ts";
import { HttpPool } from "../load/http-pool.ts";
import { postBurst } from "../load/post-burst.ts";
import { RequestProcess } from "../processes/request-process.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript, RUN_SCRIPT } from "../processes/trivial-script.ts";
import { hasProcessFiles, processorMs } from "../processes/usage.ts";
import { percentile } from "../statistics.ts";

/** Callers at once: enough for the server to share commits, few enough for playbooks. */
const AT_ONCE = 64;
const BODY = JSON.stringify({ Commands: RUN_SCRIPT, Comment: "bench" });
const pathOf = (machineId: string) => `/api/machines/${machineId}/runliveresponse`;

/**
 * `POST runliveresponse` alone: token, permission, rules, library pin, and in one durable commit
 * the action and its audit row. Each request is for another machine that is offline, so that the
 * server only accepts actions and dispatches none.
 *
 * Not measured: the dispatch. Baseline: a bare Fastify route with the same schema that commits one
 * row durably for each request, under the same load from the same client.
 */
export const intake: Bench = {
  name: "intake",
  about: "POST runliveresponse alone, compared with a bare Fastify route with a durable insert",
  async run(context) {
    const [warmUp, count] = context.quick ? [10, 100] : [1_000, 20_000];
    await using server = await BenchServer.start(context);
    using api = await server.signIn(AT_ONCE);
    await addTrivialScript(server, context.folder);
    await using fleet = new FleetProcess("intake");
    await fleet.enroll(api, 1, [server.baseUrl]);
    await server.stop();
    const machineIds = cloneMachines(server.dataDir, warmUp + count);
    await server.startAgain();
    const paths = machineIds.map(pathOf);
    const post = (path: string) => api.post(path, BODY);
    await postBurst(paths.slice(0, warmUp), AT_ONCE, post, context.signal);
    const before = hasProcessFiles ? await processorMs(server.pid) : 0;
    const { wallMs, timesMs } = await postBurst(paths.slice(warmUp), AT_ONCE, post, context.signal);
    const usedMs = hasProcessFiles ? (await processorMs(server.pid)) - before : 0;
    const stored = await api.countActions("status eq 'Pending'");
    if (stored !== paths.length) throw new Error(`${paths.length} actions were accepted, ${stored} are stored`);
    await server.stop();
    const baseline = await measureBaseline(context, paths, warmUp);
    return [
      {
        figure: "requests",
        value: (count * 1_000) / wallMs,
        unit: "/s",
        baseline: (count * 1_000) / baseline.wallMs,
        goals: [{ kind: "atLeastTimesBaseline", limit: 0.5 }],
      },
      { figure: "p50", value: percentile(timesMs, 0.5), unit: "ms", baseline: percentile(baseline.timesMs, 0.5) },
      { figure: "p99", value: percentile(timesMs, 0.99), unit: "ms", baseline: percentile(baseline.timesMs, 0.99) },
      ...(hasProcessFiles
        ? [{ figure: "server processor time a request", value: usedMs / count, unit: "ms" as const }]
        : []),
    ];
  },
};

const Listening = Type.Object({ baseUrl: Type.String() });

async function measureBaseline(
  context: BenchContext,
  paths: readonly string[],
  warmUp: number,
): Promise<{ wallMs: number; timesMs: number[] }> {
  const main = fileURLToPath(new URL("../baselines/intake-baseline.ts", import.meta.url));
  await using baseline = new RequestProcess("the baseline of intake", process.execPath, [main]);
  const { baseUrl } = Value.Parse(Listening, await baseline.ask({ file: join(context.folder, "baseline.db") }));
  using pool = new HttpPool(baseUrl, AT_ONCE);
  const headers = { "content-type": "application/json" };
  const post = (path: string) => pool.request("POST", path, headers, BODY);
  await postBurst(paths.slice(0, warmUp), AT_ONCE, post, context.signal);
  return await postBurst(paths.slice(warmUp), AT_ONCE, post, context.signal);
}
