/**
 * Full jitter: a random wait between 0 and the exponential bound, so that the agents of a fleet do
 * not all reconnect at the same time.
 * @param attempt counts from 0
 * @param fraction at least 0, less than 1
 */
export function backoffMs(attempt: number, bounds: { baseMs: number; capMs: number }, fraction: number): number {
  const bound = Math.min(bounds.capMs, bounds.baseMs * 2 ** Math.min(attempt, 30));
  return Math.floor(bound * fraction);
}
