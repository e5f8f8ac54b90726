/** Time, as a port: what runs under a simulation asks and waits for it here and nowhere else. */
export interface Clock {
  /** The wall clock, Unix milliseconds: for what is stored. It may jump. */
  nowMs(): number;
  /** Never goes back: for how long something took or may take. */
  monotonicMs(): number;
  /** Calls `fn` once after `delayMs`, unless it is cancelled by the returned function before. */
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
