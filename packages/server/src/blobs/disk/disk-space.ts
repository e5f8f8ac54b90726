import { statfs } from "node:fs/promises";

/**
 * The space of a file system, with a reserve for files that are not written through this class,
 * such as the database.
 */
export interface DiskSpace {
  /** Takes `bytes` until it is disposed of. Null when less than the reserve would remain. */
  claim(bytes: number): Promise<Disposable | null>;
}

/** Free for this user, in bytes. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * A claim counts in full in addition to the bytes that it has written already, so a file counts
 * twice while it is written. The error is on the safe side, 8 MiB for each running file.
 */
export function diskSpace(folder: string, reserveBytes: number, freeBytes = freeBytesOf): DiskSpace {
  let claimedBytes = 0;
  return {
    async claim(bytes) {
      claimedBytes += bytes;
      let isHeld = true;
      const claim: Disposable = {
        [Symbol.dispose]() {
          if (isHeld) claimedBytes -= bytes;
          isHeld = false;
        },
      };
      try {
        if ((await freeBytes(folder)) - claimedBytes >= reserveBytes) return claim;
      } catch (cause) {
        claim[Symbol.dispose]();
        throw cause;
      }
      claim[Symbol.dispose]();
      return null;
    },
  };
}

/** For a store without a reserve. */
export const UNRESERVED: DiskSpace = { claim: async () => ({ [Symbol.dispose]: () => undefined }) };
