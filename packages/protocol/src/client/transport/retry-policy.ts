import { backoffMs } from "../../time/index.ts";
import { parseRetryAfter } from "./retry-after.ts";

/**
 * What `onWait` gets before each wait of the client, so that a program can report the reason.
 *
 * @example
 * ```ts
 * const onWait = ({ reason, waitMs, message }: WaitNotice) =>
 *   console.error(`${reason}: next attempt in ${waitMs} ms: ${message}`);
 * onWait({ reason: "throttled", waitMs: 1_000, message: "Too many requests" });
 * ```
 */
export interface WaitNotice {
  reason: "throttled" | "unavailable" | "unreachable";
  waitMs: number;
  /** The server's message, or the reason why it could not be reached. */
  message: string;
}

/** The waits of one operation. All of them count against one bound, so that the operation ends. */
export interface RetryBudget {
  /** The next wait in milliseconds, or null when it would exceed the bound. */
  next(response: { retryAfter: string | null; nowMs: number }): number | null;
}

const BACKOFF = { baseMs: 500, capMs: 30_000 };
/** A server that says "0" over and over must not be asked in a tight loop. */
const SHORTEST_WAIT_MS = 100;

export function createRetryBudget(maxTotalWaitMs: number): RetryBudget {
  let spentMs = 0;
  let attempt = 0;
  return {
    next({ retryAfter, nowMs }) {
      const waitMs = Math.max(SHORTEST_WAIT_MS, parseRetryAfter(retryAfter, nowMs) ?? backoffMs(attempt, BACKOFF, 1));
      attempt += 1;
      if (spentMs + waitMs > maxTotalWaitMs) return null;
      spentMs += waitMs;
      return waitMs;
    },
  };
}
