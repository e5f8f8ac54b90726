import type { Clock } from "./ports.ts";

/** A wait that took longer than it may. */
export class DeadlineError extends Error {
  override name = "DeadlineError";
}

/**
 * Runs `work` with a signal that is aborted with {@link DeadlineError} after `ms`, or with `signal`. It rejects at the
 * deadline even if `work` does not heed its signal.
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
    .then(() => controller.abort(new DeadlineError(what)))
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
