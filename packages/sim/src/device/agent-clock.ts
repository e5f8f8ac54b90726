import type { MonotonicClock } from "@halligan/protocol/time";
import type { Life } from "../time/life.ts";
import type { Timeline } from "../time/timeline.ts";

/**
 * The device's clock as the agent core sees it: monotonic only. The simulation needs no wrong wall
 * clock, because the port has no wall clock.
 */
export function agentClock(timeline: Timeline, life: Life): MonotonicClock {
  const startedMs = timeline.nowMs;
  return {
    monotonicMs: () => timeline.nowMs - startedMs,
    after(delayMs, run) {
      if (life.isOver) throw new Error("the agent is dead");
      return timeline.after(delayMs, () => life.isOver || run());
    },
  };
}
