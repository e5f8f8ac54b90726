import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Outcome } from "./schedule.ts";

/**
 * A world lives for milliseconds. Without this bound, V8 would collect gigabytes of dead worlds
 * before it frees them.
 */
const WORKER_HEAP_MB = 256;
/** Seeds that one worker takes at a time. */
const CHUNK = 25;

/**
 * Runs the schedules of `count` seeds, starting at `first`, in several worker threads. Calls `done`
 * for each result, in any order. Stops early when `done` returns false. Schedules share nothing, so
 * the threads affect only the duration.
 */
export async function runManySchedules(
  first: number,
  count: number,
  done: (outcome: Outcome) => boolean,
  threads: number = availableParallelism(),
): Promise<void> {
  const workers = Math.min(threads, Math.ceil(count / CHUNK));
  await runOnWorkers(
    first,
    count,
    done,
    Array.from({ length: workers }, () => null),
    CHUNK,
  );
}

/** The same with PostgreSQL, one worker thread for each of the empty databases at `urls`. */
export function runManySchedulesOnPostgres(
  first: number,
  count: number,
  done: (outcome: Outcome) => boolean,
  urls: readonly string[],
): Promise<void> {
  return runOnWorkers(first, count, done, urls, 1);
}

async function runOnWorkers(
  first: number,
  count: number,
  done: (outcome: Outcome) => boolean,
  postgresUrls: readonly (string | null)[],
  chunk: number,
): Promise<void> {
  let next = first;
  let isStopped = false;
  const work = async (postgresUrl: string | null) => {
    const worker = new Worker(new URL("worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
      workerData: { postgresUrl },
    });
    try {
      while (!isStopped && next < first + count) {
        const from = next;
        next = Math.min(first + count, from + chunk);
        for (const outcome of await outcomesOf(worker, from, next - from)) if (!done(outcome)) isStopped = true;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(postgresUrls.map(work));
}

function outcomesOf(worker: Worker, from: number, count: number): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (outcomes: Outcome[]) => {
      worker.off("error", reject);
      resolve(outcomes);
    });
    worker.postMessage({ from, count });
  });
}
