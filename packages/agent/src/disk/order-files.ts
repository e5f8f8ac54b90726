/** Where the files of a command lie: its spooled output and its script. Removed when the order is forgotten. */
import { readdir, rm } from "node:fs/promises";
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

/** Removes the files of orders for which `isWanted` says no. */
export async function removeOrderFiles(folder: DataFolder, isWanted: (orderSeq: number) => boolean): Promise<void> {
  for (const parent of [folder.spool, folder.scripts]) {
    for (const name of await readdir(parent)) {
      const orderSeq = /^(\d+)-\d+/.exec(name)?.[1];
      if (orderSeq === undefined || isWanted(Number(orderSeq))) continue;
      await rm(path.join(parent, name), { recursive: true, force: true });
    }
  }
}
