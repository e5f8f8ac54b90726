import { copyFile, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, makeFolder, sizeOf, syncFolder } from "../disk-files.ts";
import { shardOf } from "./disk-library.ts";

/**
 * The folders of complete files. Unfinished uploads are not copied, because their devices send them
 * again.
 */
export const KEPT_FOLDERS = ["library", "results"] as const;

/**
 * Copies the complete files of a blob folder while its server runs. A file gets its name only when
 * it is complete, and never changes. Returns their number.
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

/** Size of a blob in such a folder; null when it does not exist. */
export const blobSizeIn = (folder: string, kind: (typeof KEPT_FOLDERS)[number], id: string): Promise<number | null> =>
  sizeOf(join(folder, kind, shardOf(id), id));

/** False when it no longer exists, because retention continues meanwhile. */
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
