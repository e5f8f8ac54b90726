/** Time as a port. Code that runs in the simulation reads the time and waits only through it. */
export interface Clock {
  /** The wall clock, Unix milliseconds, for stored times. It may jump. */
  nowMs(): number;
  /** A monotonic clock, for durations. */
  monotonicMs(): number;
  /** Calls `fn` once after `delayMs`, unless the returned function is called before. */
  after(delayMs: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(delayMs, done);
  signal.addEventListener("abort", done, { once: true });
  function done(): void {
    cancel();
    signal.removeEventListener("abort", done);
    resolve();
  }
  return promise;
}
