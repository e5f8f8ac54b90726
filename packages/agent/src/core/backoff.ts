/**
 * Full jitter: anywhere between nothing and the exponential bound, so that a fleet does not return in one wave.
 * @param attempt counts from 0
 * @param fraction at least 0, less than 1
 */
export function backoffMs(attempt: number, bounds: { baseMs: number; capMs: number }, fraction: number): number {
  const bound = Math.min(bounds.capMs, bounds.baseMs * 2 ** Math.min(attempt, 30));
  return Math.floor(bound * fraction);
}
