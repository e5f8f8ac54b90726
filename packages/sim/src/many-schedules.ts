import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Outcome } from "./schedule.ts";

/** A world lives for milliseconds; without a bound V8 would let them pile up to gigabytes before it looks at them. */
const WORKER_HEAP_MB = 256;
/** Seeds that one worker takes at a time. */
const CHUNK = 25;

/**
 * Runs the schedules of `count` seeds from `first` on, on several threads, and calls `done` for each in any order. Stops early when `done`
 * answers false. Each schedule is its own world, so threads change nothing but the time it takes.
 */
export async function runManySchedules(
  first: number,
  count: number,
  done: (outcome: Outcome) => boolean,
  threads: number = availableParallelism(),
): Promise<void> {
  let next = first;
  let isStopped = false;
  const work = async () => {
    const worker = new Worker(new URL("worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    try {
      while (!isStopped && next < first + count) {
        const from = next;
        next = Math.min(first + count, from + CHUNK);
        for (const outcome of await outcomesOf(worker, from, next - from)) if (!done(outcome)) isStopped = true;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, Math.ceil(count / CHUNK)) }, work));
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
