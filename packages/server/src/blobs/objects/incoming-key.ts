import type { StoredPart } from "../part-log.ts";

/** Prefix of incomplete uploads. Each part is a separate object. */
export const INCOMING = "incoming/";

export interface IncomingPart extends StoredPart {
  readonly key: string;
}

const KEY = /^incoming\/([0-9a-f]{64})\/([0-9]{7})\.(0|[1-9][0-9]{0,7})\.([0-9a-f]{64})$/;
const digits = (part: number): string => part.toString().padStart(7, "0");

export const uploadPrefix = (uploadId: string): string => `${INCOMING}${uploadId}/`;

/** Prefix of the keys of all objects that were stored as this part. */
export const partPrefix = (uploadId: string, part: number): string => `${uploadPrefix(uploadId)}${digits(part)}.`;

/**
 * Size and SHA-256 are in the name, so that a listing contains all facts about an upload, and any
 * node can receive a part. A separate file with these facts could be incomplete or overwritten in a
 * race. Two contents with the same number are two objects, and neither overwrites the other.
 */
export const partKey = (uploadId: string, part: number, { sizeBytes, sha256 }: StoredPart): string =>
  `${partPrefix(uploadId, part)}${sizeBytes}.${sha256}`;

export function parseIncomingKey(key: string): { uploadId: string; part: number; stored: IncomingPart } | null {
  const [, uploadId, part, size, sha256] = KEY.exec(key) ?? [];
  if (uploadId === undefined || part === undefined || size === undefined || sha256 === undefined) return null;
  return { uploadId, part: Number(part), stored: { key, sizeBytes: Number(size), sha256 } };
}
