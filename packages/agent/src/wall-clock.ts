/**
 * The device's wall clock, for times that people read: of the owner's log and of the status. It may
 * be wrong or be changed, so nothing is decided by it.
 */

/** Unix milliseconds. */
export const wallClockMs = (): number => Date.now();

/** Unix milliseconds of a written time; null when it is none. */
export function writtenTimeMs(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
