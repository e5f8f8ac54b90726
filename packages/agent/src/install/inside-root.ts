import { realpath } from "node:fs/promises";
import path from "node:path";
import { isErrno } from "../disk/errno.ts";
import type { InstallLayout } from "./layout.ts";

/**
 * Refuses a root in which a place of the layout leads out of it. An absolute link of an image, such
 * as `/var`, points into the system that runs this, and an install would write there as root.
 *
 * @throws a sentence for people
 */
export async function requireInside(root: string, layout: InstallLayout): Promise<void> {
  const top = await realpathOrNull(root);
  if (top === null) throw new Error(`--root ${root} does not exist`);
  const folders = [layout.programFolder, layout.dataRoot, path.dirname(layout.command), path.dirname(layout.unit)];
  for (const folder of folders) {
    const real = await realFolder(folder);
    const isInside = real === top || real.startsWith(top.endsWith(path.sep) ? top : `${top}${path.sep}`);
    if (!isInside) throw new Error(`${folder} leads out of --root ${root}, to ${real}: make its link relative first`);
  }
}

/** The real path of the folder, or of the nearest one above it that exists. */
async function realFolder(folder: string): Promise<string> {
  return (await realpathOrNull(folder)) ?? (await realFolder(path.dirname(folder)));
}

async function realpathOrNull(file: string): Promise<string | null> {
  try {
    return await realpath(file);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
