export interface WindowRule {
  /** Requests that a window may hold. */
  limit: number;
  windowMs: number;
}

/**
 * Times of admitted requests, oldest first, and what the rules say to one more now: null to admit it, or how long until the
 * first moment at which it would be admitted. Sliding windows: exact, where a counter for each full minute would let twice
 * the limit through around its turn. Refused requests are not counted, so a caller that waits as told is let in.
 */
export function waitForWindow(
  admittedMs: readonly number[],
  rules: readonly WindowRule[],
  nowMs: number,
): number | null {
  let waitMs = 0;
  for (const { limit, windowMs } of rules) {
    // The request that must have left the window before another one fits.
    const blocking = admittedMs[admittedMs.length - limit];
    if (blocking !== undefined) waitMs = Math.max(waitMs, blocking + windowMs - nowMs);
  }
  return waitMs > 0 ? waitMs : null;
}

/** `admittedMs` with one more, without those that no rule looks at any more. */
export function recordAdmitted(admittedMs: readonly number[], rules: readonly WindowRule[], nowMs: number): number[] {
  const longestMs = Math.max(0, ...rules.map(({ windowMs }) => windowMs));
  const firstKept = admittedMs.findIndex((atMs) => atMs > nowMs - longestMs);
  return [...(firstKept < 0 ? [] : admittedMs.slice(firstKept)), nowMs];
}
