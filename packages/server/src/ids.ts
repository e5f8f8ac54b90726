import { randomBytes, randomUUID } from "node:crypto";
import type { Ids } from "./service/context.ts";

/**
 * Ids of a running server. A GUID has the form of version 4 and begins with its creation time in
 * milliseconds, so that new ids are adjacent in an index; 74 random bits remain
 * (docs/decisions/0012). If the clock is set back, the ids are not sorted, but still unique.
 */
export const systemIds = (nowMs: () => number): Ids => ({
  guid: () => {
    const time = nowMs().toString(16).padStart(TIME_DIGITS, "0").slice(-TIME_DIGITS);
    return `${time.slice(0, 8)}-${time.slice(8)}${randomUUID().slice(TIME_PART_CHARS)}`;
  },
  random: randomBytes,
});

/** 48 bits: enough until the year 10889. */
const TIME_DIGITS = 12;
/** Includes the hyphen between them. */
const TIME_PART_CHARS = TIME_DIGITS + 1;
