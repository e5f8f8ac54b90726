import type { Clock } from "./clock.ts";

/** The longest delay of one timer; a longer delay takes several. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * A pending wait keeps the process alive: for a program whose work is to wait, such as an agent.
 */
export const systemClock: Clock = clockOf(() => undefined);

/** A pending wait does not keep the process alive: for a server, which lives by its sockets. */
export const backgroundClock: Clock = clockOf((timer) => timer.unref());

function clockOf(started: (timer: NodeJS.Timeout) => unknown): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, run) {
      let leftMs = delayMs;
      let timer = next();
      function next(): NodeJS.Timeout {
        const stepMs = Math.min(leftMs, MAX_TIMER_MS);
        leftMs -= stepMs;
        const made = setTimeout(() => {
          if (leftMs > 0) timer = next();
          else run();
        }, stepMs);
        started(made);
        return made;
      }
      return () => clearTimeout(timer);
    },
  };
}
