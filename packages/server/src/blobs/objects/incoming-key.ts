import type { StoredPart } from "../part-log.ts";

/** Where what is not whole yet lies: an upload's parts, each an object of its own. */
export const INCOMING = "incoming/";

export interface IncomingPart extends StoredPart {
  readonly key: string;
}

const KEY = /^incoming\/([0-9a-f]{64})\/([0-9]{7})\.(0|[1-9][0-9]{0,7})\.([0-9a-f]{64})$/;
const digits = (part: number): string => part.toString().padStart(7, "0");

export const uploadPrefix = (uploadId: string): string => `${INCOMING}${uploadId}/`;

/** Begins the keys of everything that was ever stored as this part. */
export const partPrefix = (uploadId: string, part: number): string => `${uploadPrefix(uploadId)}${digits(part)}.`;

/**
 * Size and SHA-256 are in the name, so that a listing says all there is to know about an upload, and any node may receive a part without
 * a note beside it that could be torn or raced for: two contents under one number are two objects, none of which overwrites the other.
 */
export const partKey = (uploadId: string, part: number, { sizeBytes, sha256 }: StoredPart): string =>
  `${partPrefix(uploadId, part)}${sizeBytes}.${sha256}`;

export function parseIncomingKey(key: string): { uploadId: string; part: number; stored: IncomingPart } | null {
  const [, uploadId, part, size, sha256] = KEY.exec(key) ?? [];
  if (uploadId === undefined || part === undefined || size === undefined || sha256 === undefined) return null;
  return { uploadId, part: Number(part), stored: { key, sizeBytes: Number(size), sha256 } };
}
