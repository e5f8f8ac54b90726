/** Writes the manifest in parts, so that its size in memory does not depend on the archive's. */
import type { BigIntStats } from "node:fs";
import { ARCHIVE_MANIFEST, type ManifestEntry, type ManifestLine } from "@halligan/protocol/link";
import { LIMITS } from "../../limits.ts";
import { isoText } from "../files/file-change.ts";
import type { Owners } from "./owners.ts";
import { textOf } from "./path-bytes.ts";

export class ManifestParts {
  #lines: string[] = [];
  #sizeBytes = 0;
  #count = 0;

  add(line: ManifestLine): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#lines.push(text);
    this.#sizeBytes += Buffer.byteLength(text);
  }

  get isFull(): boolean {
    return this.#sizeBytes >= LIMITS.manifestPartBytes;
  }

  /** The lines since the last part. */
  take(): { path: string; bytes: Uint8Array } {
    const bytes = Buffer.from(this.#lines.join(""));
    [this.#lines, this.#sizeBytes] = [[], 0];
    return { path: `${ARCHIVE_MANIFEST}/${String(++this.#count).padStart(6, "0")}.jsonl`, bytes };
  }
}

export function typeOf(stat: BigIntStats | null): ManifestEntry["type"] {
  if (stat === null) return "unknown";
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "folder";
  if (stat.isSymbolicLink()) return "link";
  if (stat.isFIFO()) return "fifo";
  if (stat.isSocket()) return "socket";
  return "device";
}

/** What the file system says of a name, except its size. */
export function attributesOf(stat: BigIntStats, { users, groups }: Owners): Partial<ManifestEntry> {
  const [uid, gid] = [Number(stat.uid), Number(stat.gid)];
  const [owner, group] = [users.get(uid), groups.get(gid)];
  const [modifiedAt, changedAt, accessedAt] = [stat.mtimeNs, stat.ctimeNs, stat.atimeNs].map(isoText);
  return {
    mode: (Number(stat.mode) & 0o7777).toString(8).padStart(4, "0"),
    uid,
    gid,
    ...(owner !== undefined && { owner: textOf(owner) }),
    ...(group !== undefined && { group: textOf(group) }),
    ...(modifiedAt && { modifiedAt }),
    ...(changedAt && { changedAt }),
    ...(accessedAt && { accessedAt }),
  };
}
