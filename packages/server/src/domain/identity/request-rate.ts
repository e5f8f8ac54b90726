/** A number of requests per minute; `burst` of them may come at once. */
export interface RequestRate {
  readonly perMinute: number;
  readonly burst: number;
}

const MINUTE_MS = 60_000;

/**
 * How long the next request has to wait; null when it may pass now. `fullAtMs`: when the whole
 * burst is available again. One number per key is enough, whatever the rate (generic cell rate
 * algorithm). Pure.
 */
export function waitForRate(fullAtMs: number | undefined, { perMinute, burst }: RequestRate, nowMs: number) {
  const spacingMs = MINUTE_MS / perMinute;
  const aheadMs = Math.max(0, (fullAtMs ?? nowMs) - nowMs);
  const waitMs = aheadMs + spacingMs - burst * spacingMs;
  return waitMs > 0 ? waitMs : null;
}

/** `fullAtMs` after one more request. Pure. */
export const chargedRate = (fullAtMs: number | undefined, { perMinute }: RequestRate, nowMs: number): number =>
  Math.max(fullAtMs ?? nowMs, nowMs) + MINUTE_MS / perMinute;
