/**
 * Decides whether a message of the server is recent enough to act on. Pure. Times are those of the
 * device's monotonic clock.
 */
import { LIMITS } from "../limits.ts";

/** @param sentAtMs the earliest time at which the server can have sent the message */
export const isRecent = (sentAtMs: number, nowMs: number): boolean => nowMs - sentAtMs <= LIMITS.maxGrantAgeMs;

/** Like {@link isRecent}, but also allows the time that the bytes need on a slow connection. */
export function isFresh({ sentAtMs, sizeBytes }: { sentAtMs: number; sizeBytes: number }, nowMs: number): boolean {
  return isRecent(sentAtMs, nowMs - sizeBytes / LIMITS.slowestConnectionBytesPerMs);
}
