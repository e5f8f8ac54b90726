/** Writes that survive a power cut. */
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";

/**
 * Makes new and changed names in a folder durable. Windows has no such call and does it with the
 * file.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await using handle = await open(folder, "r");
  await handle.sync();
}

/** Replaces the file completely or not at all; mode 0600. */
export async function replaceFile(file: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  try {
    await using handle = await open(temporary, "wx", 0o600);
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    // On a full disk, an unused partial file would take the space that the next attempt needs.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await rename(temporary, file);
  await syncFolder(path.dirname(file));
}
