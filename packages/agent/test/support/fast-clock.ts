import { type MonotonicClock, systemClock } from "@halligan/protocol/time";

const HOUR_MS = 3_600_000;

/** A clock on which the agent's waits pass many times as fast. */
export function fastClock(times: number): MonotonicClock {
  return {
    monotonicMs: () => systemClock.monotonicMs() * times,
    after: (ms, run) => systemClock.after(ms / times, run),
  };
}

/**
 * The same, with limits of an hour and more that pass when `passed` resolves: however slow the
 * machine is, what the test waits for comes first.
 */
export function clockWithHeldLimits(times: number, passed: Promise<void>): MonotonicClock {
  const clock = fastClock(times);
  let passedMs = 0;
  void passed.then(() => {
    passedMs = 2 * HOUR_MS;
  });
  return {
    monotonicMs: () => clock.monotonicMs() + passedMs,
    after(ms, run) {
      // What is left of an hour once some of it has passed counts as well.
      if (ms < HOUR_MS / 2) return clock.after(ms, run);
      let isCancelled = false;
      void passed.then(() => isCancelled || run());
      return () => {
        isCancelled = true;
      };
    },
  };
}
