import { copyFile, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, makeFolder, sizeOf, syncFolder } from "../disk-files.ts";
import { shardOf } from "./disk-library.ts";

/** What is complete. Unfinished uploads are not: their devices send them again. */
export const KEPT_FOLDERS = ["library", "results"] as const;

/**
 * Copies the complete files of a blob folder while its server works on it: each has its name only since it is whole, and never changes.
 * Answers with how many.
 */
export async function backUpBlobFolder(from: string, to: string): Promise<number> {
  let copied = 0;
  await makeFolder(to);
  for (const kind of KEPT_FOLDERS) {
    await makeFolder(join(to, kind));
    for (const shard of await namesIn(join(from, kind))) {
      const folder = join(to, kind, shard);
      await makeFolder(folder);
      for (const name of await namesIn(join(from, kind, shard))) {
        if (await copyDurably(join(from, kind, shard, name), join(folder, name))) copied += 1;
      }
      await syncFolder(folder);
    }
    await syncFolder(join(to, kind));
  }
  await syncFolder(to);
  return copied;
}

/** Size of a blob in such a folder; null when it is not there. */
export const blobSizeIn = (folder: string, kind: (typeof KEPT_FOLDERS)[number], id: string): Promise<number | null> =>
  sizeOf(join(folder, kind, shardOf(id), id));

/** False when it is not there any more: retention goes on meanwhile. */
export async function copyDurably(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  await using file = await open(to, "r+");
  await file.chmod(0o600);
  await file.sync();
  return true;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
