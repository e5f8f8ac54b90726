import type { Logger } from "pino";
import { type Clock, sleep } from "../clock.ts";

/**
 * Runs `work` repeatedly, `intervalMs` after the end of the last run, until `signal` aborts. A run
 * that throws is logged and does not end the job: its work is still in the store for the next run.
 */
export async function loop(
  name: string,
  intervalMs: number,
  work: () => Promise<unknown>,
  signal: AbortSignal,
  clock: Clock,
  log: Logger,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (cause) {
      log.error({ err: cause, loop: name }, "background job failed");
    }
    await sleep(clock, intervalMs, signal);
  }
}
