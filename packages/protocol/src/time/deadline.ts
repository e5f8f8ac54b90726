import type { MonotonicClock } from "./clock.ts";
import { abortable } from "./sleep.ts";

/** A wait took longer than its limit. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/**
 * Runs `work` with a signal that aborts with {@link DeadlineError} after `limitMs`, or with
 * `signal`. It rejects at the deadline even if `work` ignores its signal. The limit ends with the
 * outcome: a stream in the result is read at the pace of its reader.
 */
export async function withDeadline<T>(
  clock: Pick<MonotonicClock, "after">,
  limitMs: number,
  signal: AbortSignal | undefined,
  message: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  const cancel = clock.after(limitMs, () => late.abort(new DeadlineError(message)));
  try {
    return await abortable(work(either), either);
  } finally {
    cancel();
  }
}
