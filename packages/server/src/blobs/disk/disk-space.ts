import { statfs } from "node:fs/promises";

/** The space of a file system, with a reserve that stays free for what is not written through here, as the database. */
export interface DiskSpace {
  /** Takes `bytes` until it is disposed of; null when less than the reserve would be left. */
  claim(bytes: number): Promise<Disposable | null>;
}

/** Free for this user, in bytes. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Claims count in full beside what they have written already, so that a file counts twice while it is written: that errs on the side of the
 * reserve, by 8 MiB for each file under way.
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

/** For a store whose owner keeps no reserve. */
export const UNRESERVED: DiskSpace = { claim: async () => ({ [Symbol.dispose]: () => undefined }) };
