/** Time for all packages: one clock, and the waits that are made with it. */
export { backoffMs } from "./backoff.ts";
export type { Clock, MonotonicClock } from "./clock.ts";
export { DeadlineError, withDeadline } from "./deadline.ts";
export { abortable, sleep } from "./sleep.ts";
export { backgroundClock, systemClock } from "./system-clock.ts";
