import { parentPort, workerData } from "node:worker_threads";
import { type Outcome, runSchedule } from "./schedule.ts";
import { MemoryDatabase } from "./server/memory-database.ts";
import { PostgresDatabase } from "./server/postgres/postgres-database.ts";

const { postgresUrl }: { postgresUrl: string | null } = workerData;

// Errors are part of every run, and their stack traces take a tenth of its time. A replay of one
// seed has them.
Error.stackTraceLimit = 0;
const database = postgresUrl === null ? await MemoryDatabase.open() : await PostgresDatabase.open(postgresUrl);

parentPort?.on("message", async ({ from, count }: { from: number; count: number }) => {
  const outcomes: Outcome[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const outcome = await runSchedule(seed, database);
    // The trace is sent only when it will be printed.
    outcomes.push(outcome.violation ? outcome : { ...outcome, trace: [] });
  }
  parentPort?.postMessage(outcomes);
});
