/** The disk quota of a folder of the agent. */
import { lstatSync, opendirSync } from "node:fs";
import path from "node:path";
import { isErrno } from "./errno.ts";

/**
 * A script may have put more names than this into the working folder. Those beyond are not counted,
 * so that a command does not wait for a long walk.
 */
const MAX_COUNTED_NAMES = 20_000;

/**
 * Bytes that may still be added; never negative. The files of all folders below count with their
 * length, and a link is not followed.
 *
 * @param quotaBytes 0: no quota
 */
export function roomIn(folder: string, quotaBytes: number, maxNames = MAX_COUNTED_NAMES): number {
  if (quotaBytes === 0) return Number.POSITIVE_INFINITY;
  let usedBytes = 0;
  let names = 0;
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of entriesOf(next, maxNames - names)) {
      names += 1;
      if (entry.isFolder) waiting.push(entry.file);
      else usedBytes += entry.sizeBytes;
    }
  }
  return Math.max(0, quotaBytes - usedBytes);
}

interface Entry {
  file: string;
  isFolder: boolean;
  sizeBytes: number;
}

function entriesOf(folder: string, most: number): Entry[] {
  const entries: Entry[] = [];
  try {
    const names = opendirSync(folder);
    try {
      for (let name = names.readSync(); name !== null && entries.length < most; name = names.readSync()) {
        const file = path.join(folder, name.name);
        const isFolder = name.isDirectory();
        entries.push({ file, isFolder, sizeBytes: isFolder ? 0 : lstatSync(file).size });
      }
    } finally {
      names.closeSync();
    }
  } catch (error) {
    // A process that a script left may remove names meanwhile.
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) throw error;
  }
  return entries;
}
