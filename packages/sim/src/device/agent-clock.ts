import type { Clock } from "@halligan/agent/simulation";
import type { Life } from "../time/life.ts";
import type { Timeline } from "../time/timeline.ts";

/**
 * The device's clock as the agent core sees it: monotonic only. The simulation needs no wrong wall
 * clock, because the port has no wall clock.
 */
export function agentClock(timeline: Timeline, life: Life): Clock {
  const startedMs = timeline.nowMs;
  return {
    monotonicMs: () => timeline.nowMs - startedMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (life.isOver) return reject(new Error("the agent is dead"));
        const onAbort = () => {
          cancel();
          reject(signal.reason);
        };
        const cancel = timeline.after(ms, () => {
          signal.removeEventListener("abort", onAbort);
          if (!life.isOver) resolve();
        });
        signal.addEventListener("abort", onAbort, { once: true });
      }),
  };
}
