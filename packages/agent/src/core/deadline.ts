import type { Clock } from "./ports.ts";

/** A wait took longer than its limit. */
export class TimedOut extends Error {
  override name = "TimedOut";
}

/**
 * Runs `work` with a signal that is aborted with {@link TimedOut} after `ms`, or with `signal`. It
 * rejects at the deadline even if `work` ignores its signal.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const both = AbortSignal.any([signal, controller.signal]);
  const settled = new AbortController();
  const expiry = clock
    .sleep(ms, AbortSignal.any([signal, settled.signal]))
    .then(() => controller.abort(new TimedOut(what)))
    .catch(() => undefined);
  try {
    return await abortable(work(both), both);
  } finally {
    settled.abort();
    await expiry;
  }
}

/** Settles like `promise`, or rejects with the signal's reason if the signal is aborted first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
