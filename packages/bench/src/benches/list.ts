import { join } from "node:path";
import Database from "better-sqlite3";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Bench, BenchContext } from "../bench.ts";
import type { Measured } from "../figure.ts";
import { FleetProcess } from "../fleet/fleet-process.ts";
import { fillActions } from "../list/fill-actions.ts";
import { type Stored, WILD_QUERIES } from "../list/wild-queries.ts";
import type { Api } from "../load/api.ts";
import { cloneMachines } from "../load/cloned-machines.ts";
import { postBurst } from "../load/post-burst.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript, RUN_SCRIPT } from "../processes/trivial-script.ts";
import { percentile } from "../statistics.ts";

const BODY = JSON.stringify({ Commands: RUN_SCRIPT, Comment: "bench" });
/** One action for every hundred is stored of each machine, at least so many machines. */
const ACTIONS_A_MACHINE = 100;
const MIN_MACHINES = 50;
const INTAKE_AT_ONCE = 4;

/**
 * Every query of docs/contract/clients-in-the-wild.md#listing-actions, with and without
 * `$count=true`, on many stored actions. The baseline is the same query on few actions, because the
 * time of a list must not depend on how many actions are stored. Then the same queries run while
 * the server accepts actions.
 *
 * Measured: the time from the request to the complete response, one at a time, each with other
 * machines and ids than the previous one; p95. Not measured: the filling, which copies one action
 * with SQL. `intake` meanwhile: p99 of `POST runliveresponse` from four callers, while another
 * caller lists without a pause.
 */
export const list: Bench = {
  name: "list",
  about: "the wild clients' queries on 1,000,000 actions, compared with 10,000",
  async run(context) {
    const [few, many, rounds] = context.quick ? [0, 500, 2] : [10_000, 1_000_000, 40];
    const small = context.quick ? null : await measure(context, "few", few, rounds, 0);
    const large = await measure(context, "many", many, rounds, context.quick ? 20 : 2_000);
    const figures = [...large.p95Ms].map(
      ([figure, value]): Measured => ({
        figure: `p95 ${figure}`,
        value,
        unit: "ms",
        baseline: (small ?? large).p95Ms.get(figure) ?? Number.NaN,
        goals: [
          { kind: "atMost", limit: 20 },
          { kind: "atMostTimesBaseline", limit: 2 },
        ],
      }),
    );
    return [...figures, { figure: "p99 of intake while they run", value: large.intakeP99Ms, unit: "ms" }];
  },
};

interface Measurement {
  readonly p95Ms: ReadonlyMap<string, number>;
  readonly intakeP99Ms: number;
}

async function measure(
  context: BenchContext,
  folderName: string,
  count: number,
  rounds: number,
  intakeCount: number,
): Promise<Measurement> {
  await using server = await BenchServer.start(context, { folderName });
  using api = await server.signIn(INTAKE_AT_ONCE + 1);
  await addTrivialScript(server, context.folder);
  await oneWholeAction(server, api);
  await server.stop();
  const begunMs = performance.now();
  cloneMachines(server.dataDir, Math.max(MIN_MACHINES, Math.ceil(count / ACTIONS_A_MACHINE)));
  fillActions(server.dataDir, count);
  const stored = storedIn(server.dataDir);
  const awayIds = intakeCount === 0 ? [] : cloneMachines(server.dataDir, intakeCount);
  context.note(`${count} actions made in ${Math.round((performance.now() - begunMs) / 1_000)} s`);
  await server.startAgain();

  const p95Ms = new Map<string, number>();
  for (const withCount of [false, true]) {
    for (const { name, queryOf } of WILD_QUERIES) {
      const timesMs: number[] = [];
      for (let n = -1; n < rounds; n += 1) {
        context.signal.throwIfAborted();
        const tookMs = await ask(api, { ...queryOf(stored, n + 1), ...(withCount && { $count: "true" }) });
        if (n >= 0) timesMs.push(tookMs);
      }
      p95Ms.set(withCount ? `${name}, $count` : name, percentile(timesMs, 0.95));
    }
  }
  if (intakeCount === 0) return { p95Ms, intakeP99Ms: Number.NaN };
  return { p95Ms, intakeP99Ms: await intakeBeside(context, api, stored, awayIds) };
}

async function intakeBeside(
  context: BenchContext,
  api: Api,
  stored: Stored,
  machineIds: readonly string[],
): Promise<number> {
  const paths = machineIds.map((id) => `/api/machines/${id}/runliveresponse`);
  const over = new AbortController();
  const listing = (async () => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      const query = WILD_QUERIES[n % WILD_QUERIES.length];
      if (query) await ask(api, { ...query.queryOf(stored, n), $count: "true" });
    }
  })();
  try {
    const { timesMs } = await postBurst(paths, INTAKE_AT_ONCE, (path) => api.post(path, BODY), context.signal);
    return percentile(timesMs, 0.99);
  } finally {
    over.abort();
    await listing;
  }
}

async function ask(api: Api, query: Readonly<Record<string, string>>): Promise<number> {
  const text = new URLSearchParams(query).toString();
  const begunMs = performance.now();
  const { status, body } = await api.get(`/api/machineactions${text === "" ? "" : `?${text}`}`);
  const tookMs = performance.now() - begunMs;
  if (status !== 200) throw new Error(`the server answered ${status} to ${text}: ${body.toString("utf8")}`);
  return tookMs;
}

/** What the stored ones are copies of. */
async function oneWholeAction(server: BenchServer, api: Api): Promise<void> {
  await using fleet = new FleetProcess("list");
  await fleet.enroll(api, 1, [server.baseUrl]);
  await fleet.link();
  await fleet.work(0, 1);
}

const Ids = Type.Array(Type.Object({ id: Type.String() }));

function storedIn(dataDir: string): Stored {
  const database = new Database(join(dataDir, "halligan.db"), { readonly: true });
  try {
    const ids = (sql: string) => Value.Parse(Ids, database.prepare(sql).all()).map(({ id }) => id);
    return {
      machineIds: ids("select id from machine order by seq desc limit 500"),
      actionIds: ids("select id from machine_action where seq % 17 = 0 limit 500"),
    };
  } finally {
    database.close();
  }
}
