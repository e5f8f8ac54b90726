/** Whether what the server sent may still be acted on. Pure. Moments are of the device's monotonic clock. */
import { LIMITS } from "../limits.ts";

/** @param sentAtMs the earliest moment at which the server can have sent it */
export const isRecent = (sentAtMs: number, nowMs: number): boolean => nowMs - sentAtMs <= LIMITS.maxGrantAgeMs;

/** As {@link isRecent}, with the time that its bytes take on a slow link. */
export function isFresh({ sentAtMs, sizeBytes }: { sentAtMs: number; sizeBytes: number }, nowMs: number): boolean {
  return isRecent(sentAtMs, nowMs - sizeBytes / LIMITS.slowestLinkBytesPerMs);
}
