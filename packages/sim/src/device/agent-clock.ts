import type { MonotonicClock } from "@halligan/protocol/time";
import type { ProcessLifetime } from "../time/process-lifetime.ts";
import type { Timeline } from "../time/timeline.ts";

/**
 * The device's clock as the agent core sees it: monotonic only. The simulation needs no wrong wall
 * clock, because the port has no wall clock.
 */
export function agentClock(timeline: Timeline, lifetime: ProcessLifetime): MonotonicClock {
  const startedMs = timeline.nowMs;
  return {
    monotonicMs: () => timeline.nowMs - startedMs,
    after(delayMs, run) {
      if (lifetime.isOver) throw new Error("the agent is dead");
      return timeline.after(delayMs, () => lifetime.isOver || run());
    },
  };
}
