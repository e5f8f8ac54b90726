/** One try of a call that carries no stream. */
export const TRY_TIMEOUT_MS = 30_000;
/** Longest time that such a call may take: three tries and the pauses between them. */
export const CALL_TIMEOUT_MS = 100_000;
/** For a part of 8 MiB at the pace of a slow device; its own edge gives up earlier when the device sends nothing. */
export const STREAM_TIMEOUT_MS = 15 * 60_000;

/**
 * Runs a call under a time limit. The limit ends with the answer: a stream that the answer holds is read at its reader's pace, which
 * `AbortSignal.timeout` would cut.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  call: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const signal = outer === undefined ? late.signal : AbortSignal.any([late.signal, outer]);
  try {
    return await call(signal);
  } finally {
    clearTimeout(timer);
  }
}
