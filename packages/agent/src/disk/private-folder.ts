/**
 * Folders that only the agent's own account can access (threat 2.3: a folder that existed before,
 * with broad rights).
 *
 * The calls are synchronous, as for all small files of a command. A round trip to the thread pool
 * takes 60 us of processor time, and the call takes 3 us.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, type Stats } from "node:fs";
import type { DataFolder } from "./data-folder.ts";
import { isErrno } from "./errno.ts";

/**
 * Makes the folder with mode 0700, or checks an existing one. Throws a sentence for people when it
 * is not safe to use.
 */
export function ensurePrivateFolder(folder: string): void {
  const found = madeOrFound(folder);
  if (found.isSymbolicLink()) {
    throw new Error(`${folder} is a link, which could be turned elsewhere; name the folder itself.`);
  }
  if (!found.isDirectory()) throw new Error(`${folder} is not a folder.`);
  if (process.platform === "win32") return;
  if (found.uid !== process.geteuid?.())
    throw new Error(`${folder} belongs to another user (uid ${found.uid}); the agent does not use it.`);
  if ((found.mode & 0o022) !== 0) {
    throw new Error(`${folder} can be written by others; the agent does not use it. Fix it with: chmod 700 ${folder}`);
  }
  if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/**
 * Ensures that a folder inside the data folder exists, is no link, belongs to the agent and has
 * mode 0700. A script may have removed it or changed its owner or mode. The data folder around it
 * is closed, so no other account can have used that.
 */
export function ensureInnerFolder(folder: string): void {
  const found = madeOrFound(folder);
  if (!found.isDirectory()) throw new Error(`${folder} is a link or a file where a folder of the agent should be.`);
  if (process.platform === "win32") return;
  const own = process.geteuid?.();
  if (own !== undefined && found.uid !== own) chownSync(folder, own, process.getegid?.() ?? found.gid);
  if ((found.mode & 0o7777) !== 0o700) chmodSync(folder, 0o700);
}

/**
 * Called at the start, and before anything of a command is written or run, because the previous
 * script may have changed any of these folders.
 */
export function ensureDataFolders({ root, work, spool, scripts }: DataFolder): void {
  ensurePrivateFolder(root);
  for (const inner of [work, spool, scripts]) ensureInnerFolder(inner);
}

function madeOrFound(folder: string): Stats {
  try {
    return lstatSync(folder);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return lstatSync(folder);
}
