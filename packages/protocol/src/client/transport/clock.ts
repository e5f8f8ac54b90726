/**
 * The time source and the waits of the client. Tests pass their own clock.
 *
 * @example
 * ```ts
 * const clock: ClientClock = { nowMs: () => 1_700_000_000_000, sleep: async () => {} };
 * console.log(clock.nowMs());
 * ```
 */
export interface ClientClock {
  /** Unix time in milliseconds. */
  nowMs(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(durationMs: number, signal: AbortSignal | undefined): Promise<void>;
}

export const systemClock: ClientClock = {
  nowMs: () => Date.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, durationMs);
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
};

/**
 * Stops waiting for `promise` when `signal` is aborted. The work behind the promise continues for
 * its other waiters.
 */
export function waitUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
