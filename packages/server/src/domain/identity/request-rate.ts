/** So many in a minute, `burst` of them at once. */
export interface RequestRate {
  readonly perMinute: number;
  readonly burst: number;
}

const MINUTE_MS = 60_000;

/**
 * How long one more has to wait; null when it may pass now. `fullAtMs`: when the whole burst is
 * available again; one number for each key, whatever the rate (generic cell rate algorithm). Pure.
 */
export function waitForRate(fullAtMs: number | undefined, { perMinute, burst }: RequestRate, nowMs: number) {
  const spacingMs = MINUTE_MS / perMinute;
  const aheadMs = Math.max(0, (fullAtMs ?? nowMs) - nowMs);
  const waitMs = aheadMs + spacingMs - burst * spacingMs;
  return waitMs > 0 ? waitMs : null;
}

/** `fullAtMs` after one more has passed. Pure. */
export const chargedRate = (fullAtMs: number | undefined, { perMinute }: RequestRate, nowMs: number): number =>
  Math.max(fullAtMs ?? nowMs, nowMs) + MINUTE_MS / perMinute;
