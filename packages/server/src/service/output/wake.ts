import type { MonotonicClock } from "@halligan/protocol/time";

/** One waiter, who looks at everything again after each wait. A wake without a waiter is kept. */
export class Wake {
  readonly #clock: MonotonicClock;
  #isWoken = false;
  #resolve: (() => void) | null = null;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
  }

  readonly wake = (): void => {
    this.#isWoken = true;
    this.#resolve?.();
  };

  /** False when the time was over first. */
  async wait(withinMs: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#isWoken && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#resolve = resolve;
      const cancelTimer = this.#clock.after(withinMs, resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      cancelTimer();
      this.#resolve = null;
    }
    const isWoken = this.#isWoken;
    this.#isWoken = false;
    return isWoken;
  }
}
