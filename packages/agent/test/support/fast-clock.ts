import type { Clock } from "../../src/core/ports.ts";
import { realClock } from "../../src/real-clock.ts";

const HOUR_MS = 3_600_000;

/** A clock on which the agent's waits pass many times as fast. */
export function fastClock(times: number): Clock {
  return {
    monotonicMs: () => realClock.monotonicMs() * times,
    sleep: (ms, signal) => realClock.sleep(ms / times, signal),
  };
}

/**
 * The same, with limits of an hour and more that pass when `passed` resolves: however slow the machine is, what the test
 * waits for comes first.
 */
export function clockWithHeldLimits(times: number, passed: Promise<void>): Clock {
  const clock = fastClock(times);
  let passedMs = 0;
  void passed.then(() => {
    passedMs = 2 * HOUR_MS;
  });
  return {
    monotonicMs: () => clock.monotonicMs() + passedMs,
    async sleep(ms, signal) {
      // What is left of an hour once some of it has passed counts as well.
      if (ms < HOUR_MS / 2) return clock.sleep(ms, signal);
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const onAbort = () => reject(signal?.reason);
      if (signal?.aborted) onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        await Promise.race([passed, aborted]);
      } finally {
        signal?.removeEventListener("abort", onAbort);
      }
    },
  };
}
