import type { Logger } from "pino";
import { type Clock, sleep } from "../clock.ts";

/**
 * Runs `work` again and again, `intervalMs` after the end of the last run, until `signal` aborts. A run that throws is logged
 * and does not end the loop: what it should have done is still in the store for the next one.
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
      log.error({ err: cause, loop: name }, "a loop's run failed");
    }
    await sleep(clock, intervalMs, signal);
  }
}
