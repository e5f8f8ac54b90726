import type { Clock } from "../../time/index.ts";

/**
 * The time source and the waits of the client. Tests pass their own clock.
 *
 * @example
 * ```ts
 * const clock: ClientClock = {
 *   nowMs: () => 1_700_000_000_000,
 *   after: (_delayMs, run) => {
 *     queueMicrotask(run);
 *     return () => {};
 *   },
 * };
 * console.log(clock.nowMs());
 * ```
 */
export type ClientClock = Pick<Clock, "nowMs" | "after">;
