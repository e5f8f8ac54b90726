import type { Clock } from "@halligan/protocol/time";

/**
 * Below the longest delay of a timer (24 days). The store is asked again then, also because the
 * wall clock may have been set meanwhile.
 */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Wakes one connection when the start time of an action of its machine has come. The time is in the
 * store: a new connection, also after a restart, asks for it and sets its own timer.
 */
export class ScheduledWake {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #cancel: () => void = () => undefined;
  #nextMs: number | null = null;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** An action waits for its time, or for the end of the present one. */
  get isExpected(): boolean {
    return this.#nextMs !== null;
  }

  /** `atMs`: by the wall clock; null for none; undefined leaves it as it is. */
  next(atMs: number | null | undefined): void {
    if (atMs === undefined) return;
    this.#cancel();
    this.#cancel = () => undefined;
    this.#nextMs = atMs;
    if (atMs === null) return;
    const delayMs = atMs - this.#clock.nowMs();
    // One that is due waits for a report of the device, and not for time.
    if (delayMs > 0) this.#cancel = this.#clock.after(Math.min(delayMs, LONGEST_WAIT_MS), this.#wake);
  }

  end(): void {
    this.#cancel();
  }
}
