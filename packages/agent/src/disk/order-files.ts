/**
 * Paths of a command's files: its spooled output and its script. They are removed when the order is
 * removed.
 */
import { readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { DataFolder } from "./data-folder.ts";

export interface SpoolPaths {
  stdout: string;
  stderr: string;
}

export function spoolPaths(folder: DataFolder, orderSeq: number, index: number): SpoolPaths {
  const base = path.join(folder.spool, `${orderSeq}-${index}`);
  return { stdout: `${base}.out`, stderr: `${base}.err` };
}

export function scriptFolder(folder: DataFolder, orderSeq: number, index: number): string {
  return path.join(folder.scripts, `${orderSeq}-${index}`);
}

/** Removes the files of orders for which `isWanted` returns false. */
export async function removeOrderFiles(folder: DataFolder, isWanted: (orderSeq: number) => boolean): Promise<void> {
  for (const parent of [folder.spool, folder.scripts]) {
    for (const name of readdirSync(parent)) {
      const orderSeq = /^(\d+)-\d+/.exec(name)?.[1];
      if (orderSeq === undefined || isWanted(Number(orderSeq))) continue;
      const entry = path.join(parent, name);
      if (!removeAsMade(entry)) await rm(entry, { recursive: true, force: true });
    }
  }
}

/**
 * Removes a file, or a folder with one file in it, as the agent creates them. Returns false for
 * anything else, which can be large.
 */
function removeAsMade(entry: string): boolean {
  try {
    unlinkSync(entry);
    return true;
  } catch {
    // It is a folder, or it is gone. Without this attempt first, a link that a script put in the
    // place of its folder would be followed.
  }
  try {
    const [name, ...others] = readdirSync(entry);
    if (others.length > 0) return false;
    if (name !== undefined) unlinkSync(path.join(entry, name));
    rmdirSync(entry);
    return true;
  } catch {
    return false;
  }
}
