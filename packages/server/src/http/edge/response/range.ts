import type { ByteRange } from "../../../blobs/blob-store.ts";

/**
 * What a `Range` header asks of content of `sizeBytes` bytes: everything, one range (both ends
 * included, cut to the content), or one that lies outside it (416). Several ranges, other units and
 * nonsense mean everything, as RFC 9110 section 14.2 allows.
 */
export function parseRange(header: string | undefined, sizeBytes: number): "full" | "unsatisfiable" | ByteRange {
  const [, first, last] = /^bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return "full";
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? "unsatisfiable" : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  const end = last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== "" && Number(last) < start) return "full";
  return start >= sizeBytes ? "unsatisfiable" : { start, end };
}
