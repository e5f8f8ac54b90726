export interface WindowRule {
  /** Largest number of requests that a window may hold. */
  limit: number;
  windowMs: number;
}

/**
 * Decides about one more request, from the times of admitted requests, oldest first. Returns null
 * to admit it, or the wait until the first time at which it would be admitted. The windows slide
 * and are exact; a counter for each full minute would let twice the limit through around the change
 * of the minute. Refused requests are not counted, so a caller that waits for the given time is
 * admitted.
 */
export function waitForWindow(
  admittedMs: readonly number[],
  rules: readonly WindowRule[],
  nowMs: number,
): number | null {
  let waitMs = 0;
  for (const { limit, windowMs } of rules) {
    // The request that must leave the window before another one fits.
    const blocking = admittedMs[admittedMs.length - limit];
    if (blocking !== undefined) waitMs = Math.max(waitMs, blocking + windowMs - nowMs);
  }
  return waitMs > 0 ? waitMs : null;
}

/** `admittedMs` with the new request, without those that no rule needs any more. */
export function recordAdmitted(admittedMs: readonly number[], rules: readonly WindowRule[], nowMs: number): number[] {
  const longestMs = Math.max(0, ...rules.map(({ windowMs }) => windowMs));
  const firstKept = admittedMs.findIndex((atMs) => atMs > nowMs - longestMs);
  return [...(firstKept < 0 ? [] : admittedMs.slice(firstKept)), nowMs];
}
