import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runManySchedules, runManySchedulesOnPostgres } from "./many-schedules.ts";
import { type Outcome, runSchedule } from "./schedule.ts";
import { MemoryDatabase } from "./server/memory-database.ts";
import { PostgresDatabase } from "./server/postgres/postgres-database.ts";
import { createRunDatabase } from "./server/postgres/run-database.ts";
import { Summary } from "./summary.ts";

const USAGE = `npm run sim -- [--seed N] [--schedules N] [--from SEED] [--threads N] [--store sqlite|postgres] [--json]
  --seed N       one schedule, with its trace
  --schedules N  that many, one seed after the other (default 1000)
  --from SEED    the first of them (default 1)
  --threads N    at once (default: as the machine has processors)
  --store NAME   sqlite (default), or postgres: a real one, at HALLIGAN_TEST_POSTGRES_URL or 127.0.0.1:5432, with one or two nodes
  --json         one line of JSON for docs/reliability-runs.jsonl on standard output, all else on standard error
Ends with 1 when an invariant was violated, with 2 when the arguments are wrong.`;

type StoreName = "sqlite" | "postgres";

process.exitCode = await main();

async function main(): Promise<number> {
  if (process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) {
    console.log(USAGE);
    return 0;
  }
  const options = readOptions();
  if (!options) {
    console.error(USAGE);
    return 2;
  }
  const summary = new Summary();
  const say = options.json ? console.error : console.log;
  const begun = performance.now();
  if (options.seed !== null) {
    const outcome = await runOne(options.seed, options.store);
    summary.add(outcome);
    say(outcome.trace.join("\n"));
    say(`trace ${outcome.traceSha256}`);
    tellViolation(outcome, options.store, say);
  } else {
    const { from, schedules, threads, store } = options;
    const add = (outcome: Outcome): boolean => {
      summary.add(outcome);
      if (!outcome.violation) return true;
      say(outcome.trace.join("\n"));
      tellViolation(outcome, store, say);
      return false;
    };
    if (store === "sqlite") await runManySchedules(from, schedules, add, threads);
    else await runManyOnPostgres(from, schedules, add, threads ?? availableParallelism());
  }
  say(summary.text((performance.now() - begun) / 1000));
  if (options.json) {
    const first = options.seed ?? options.from;
    console.log(JSON.stringify({ run: "simulation", store: options.store, firstSeed: first, ...summary.facts() }));
  }
  return summary.violations > 0 ? 1 : 0;
}

async function runOne(seed: number, store: StoreName): Promise<Outcome> {
  if (store === "sqlite") return runSchedule(seed, await MemoryDatabase.open());
  await using created = await createRunDatabase();
  await using database = await PostgresDatabase.open(created.url);
  return await runSchedule(seed, database);
}

async function runManyOnPostgres(
  from: number,
  schedules: number,
  add: (outcome: Outcome) => boolean,
  threads: number,
): Promise<void> {
  await using databases = new AsyncDisposableStack();
  const urls: string[] = [];
  while (urls.length < threads) urls.push(databases.use(await createRunDatabase()).url);
  await runManySchedulesOnPostgres(from, schedules, add, urls);
}

function tellViolation({ seed, violation }: Outcome, store: StoreName, say: (text: string) => void): void {
  if (!violation) return;
  const again =
    store === "sqlite"
      ? `replay: npm run sim -- --seed ${seed}`
      : `the same faults, though PostgreSQL's races are its own: npm run sim -- --store postgres --seed ${seed}`;
  say(`\nseed ${seed}: ${violation.message}\n${again}\n`);
}

interface Options {
  seed: number | null;
  schedules: number;
  from: number;
  threads: number | undefined;
  store: StoreName;
  json: boolean;
}

/** Null for invalid arguments. */
function readOptions(): Options | null {
  try {
    const text = { type: "string" } as const;
    const { values } = parseArgs({
      options: { seed: text, schedules: text, from: text, threads: text, store: text, json: { type: "boolean" } },
    });
    const many = (["schedules", "from", "threads"] as const).find((name) => values[name] !== undefined);
    if (values.seed !== undefined && many !== undefined) {
      throw new Error(
        `--seed runs one schedule and --${many} belongs to many: use --from ${values.seed} --schedules N for several, or --seed alone`,
      );
    }
    return {
      seed: values.seed === undefined ? null : wholeNumber(values.seed),
      schedules: wholeNumber(values.schedules ?? "1000"),
      from: wholeNumber(values.from ?? "1"),
      threads: values.threads === undefined ? undefined : wholeNumber(values.threads),
      store: storeName(values.store ?? "sqlite"),
      json: values.json ?? false,
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return null;
  }
}

function storeName(text: string): StoreName {
  if (text === "sqlite" || text === "postgres") return text;
  throw new Error(`${JSON.stringify(text)} is no store`);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${JSON.stringify(text)} is not a whole number`);
  return Number(text);
}
