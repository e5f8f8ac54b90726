import type { Clock } from "@halligan/agent/simulation";
import type { Life } from "../time/life.ts";
import type { Timeline } from "../time/timeline.ts";

/**
 * The device's clock as the agent's core has it: monotonic only. That its wall clock may be years off needs no simulation, because
 * the port has none.
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
