import type { Clock } from "../../src/core/ports.ts";
import { realClock } from "../../src/real-clock.ts";

/** A clock on which the agent's waits pass many times as fast. */
export function fastClock(times: number): Clock {
  return {
    monotonicMs: () => realClock.monotonicMs() * times,
    sleep: (ms, signal) => realClock.sleep(ms / times, signal),
  };
}
