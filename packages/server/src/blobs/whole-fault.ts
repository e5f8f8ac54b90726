import { PART_BYTES } from "@halligan/protocol/link";
import type { CompleteAnswer } from "./blob-store.ts";
import type { StoredPart } from "./part-log.ts";

const MAX_MISSING_NAMED = 100;

/** Why the stored parts are not the announced content; null when number and sizes match. */
export function wholeFault(
  parts: ReadonlyMap<number, StoredPart>,
  partCount: number,
  sizeBytes: number,
): CompleteAnswer | null {
  if (partCount !== Math.max(1, Math.ceil(sizeBytes / PART_BYTES))) {
    return { code: "UploadMismatch", detail: `${sizeBytes} bytes are not ${partCount} parts` };
  }
  const missingParts: number[] = [];
  for (let part = 0; part < partCount && missingParts.length < MAX_MISSING_NAMED; part += 1) {
    const stored = parts.get(part);
    const expected = Math.min(PART_BYTES, sizeBytes - part * PART_BYTES);
    if (stored === undefined) missingParts.push(part);
    else if (stored.sizeBytes !== expected) {
      return { code: "UploadMismatch", detail: `part ${part} has ${stored.sizeBytes} bytes instead of ${expected}` };
    }
  }
  if (missingParts.length > 0) return { code: "UploadIncomplete", missingParts };
  if (parts.size > partCount) return { code: "UploadMismatch", detail: `there are more than ${partCount} parts` };
  return null;
}
