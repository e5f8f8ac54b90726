/**
 * Runs at most `limit` calls at a time. Further calls wait in order of arrival.
 *
 * No library: `p-limit` cannot abort a wait, and `p-queue` lets the next call begin when a running
 * call is aborted but has not ended yet, which breaks the bound (decision 0041).
 */
export class Semaphore {
  /** In the sequence of their arrival. */
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /**
   * @param signal ends the wait. `work` has to observe it on its own, and holds its place until it
   * has ended.
   * @throws the signal's reason when it is aborted before `work` begins
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  /** Resolves with the place of a call that has ended. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const begin = () => {
      this.#waiting.delete(begin);
      resolve();
    };
    const leave = () => {
      if (this.#waiting.delete(begin)) reject(signal.reason);
    };
    this.#waiting.add(begin);
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
}
