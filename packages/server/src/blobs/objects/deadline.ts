/** Time limit for one try of a call that carries no stream. */
export const TRY_TIMEOUT_MS = 30_000;
/** Longest time for such a call: three tries and the pauses between them. */
export const CALL_TIMEOUT_MS = 100_000;
/**
 * For a part of 8 MiB from a slow device. The HTTP server gives up earlier when the device sends
 * nothing.
 */
export const STREAM_TIMEOUT_MS = 15 * 60_000;

/**
 * Runs a call under a time limit. The limit ends with the response: a stream in the response is
 * read at its reader's speed, which `AbortSignal.timeout` would cut off.
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
