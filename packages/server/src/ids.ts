import { randomBytes, randomUUID } from "node:crypto";
import type { Ids } from "./service/context.ts";

/**
 * Ids of a running server. A GUID looks like any other (version 4) and begins with the time of its making in milliseconds, so that new
 * ids stand side by side in an index; 74 bits of chance are left (docs/decisions/0012). A clock that was set back costs order, never uniqueness.
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
/** With the hyphen between them. */
const TIME_PART_CHARS = TIME_DIGITS + 1;
