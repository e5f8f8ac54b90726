/**
 * The folders in which scripts find their interpreter and their commands. An agent that runs as
 * root uses no folder that another account can change, because that account could run programs as
 * root (`/usr/local/bin` belongs to a user under Homebrew, and to the group `staff` on some Debian
 * systems).
 */
import { realpathSync, statSync } from "node:fs";
import path from "node:path";
import { isErrno, reasonOf } from "../../disk/errno.ts";

export interface SearchPath {
  readonly path: string;
  readonly ignored: readonly { readonly folder: string; readonly reason: string }[];
}

/** Used when no folder of the list is safe. */
const LAST_RESORT = "/usr/bin:/bin";
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** The folders of `searched` that only root can change, in their order. For POSIX systems. */
export function rootOnlySearchPath(searched: string): SearchPath {
  const ignored: { folder: string; reason: string }[] = [];
  const kept = searched.split(":").filter((folder) => {
    const reason = path.isAbsolute(folder) ? whyOpen(folder) : "it is relative to the current folder";
    if (reason !== null) ignored.push({ folder, reason });
    return reason === null;
  });
  return { path: kept.length > 0 ? kept.join(":") : LAST_RESORT, ignored };
}

/**
 * Why another account can change the target of a path, or null. A missing folder is judged by the
 * folders above it, because only they decide who can create it.
 */
function whyOpen(folder: string): string | null {
  let real: string;
  try {
    real = realpathSync(folder);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) return reasonOf(error);
    const above = path.dirname(folder);
    return above === folder ? null : whyOpen(above);
  }
  // Also checks the path by name, because a link is in another folder than its target.
  for (const start of real === folder ? [real] : [real, path.dirname(folder)]) {
    const reason = whyChainOpen(start);
    if (reason !== null) return reason;
  }
  return null;
}

function whyChainOpen(start: string): string | null {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const { uid, gid, mode } = statSync(folder);
    if (uid !== 0) return `${folder} belongs to the user with id ${uid}`;
    // In a sticky folder, other accounts can add names but not replace this one. In the folder
    // itself, a new name is sufficient for an attack.
    const isSafeAbove = folder !== start && (mode & STICKY) !== 0;
    if ((mode & OTHERS_WRITE) !== 0 && !isSafeAbove) return `every user can write to ${folder}`;
    if ((mode & GROUP_WRITES) !== 0 && gid !== 0 && !isSafeAbove)
      return `the group with id ${gid} can write to ${folder}`;
    if (folder === path.dirname(folder)) return null;
  }
}
