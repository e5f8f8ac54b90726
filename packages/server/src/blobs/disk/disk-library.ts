import { createHash } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../auth/random.ts";
import type { PutLibraryAnswer, PutLibraryOptions } from "../blob-store.ts";
import { isDiskFull, makeFolder, removeFile, sizeOf, syncFolder, type WriteChunks } from "../disk-files.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import type { DiskSpace } from "./disk-space.ts";

export interface LibraryFolders {
  readonly libraryFolder: string;
  readonly temporaryFolder: string;
  readonly random: Random;
  readonly write: WriteChunks;
  readonly space: DiskSpace;
}

/** Space is claimed in steps, because the size of an upload may be unknown. */
const CLAIM_BYTES = 8 * 1024 * 1024;

export const shardOf = (id: string): string => id.slice(0, 2);

/**
 * Writes to a temporary file and renames it when it is complete and synced, so that no name ever
 * refers to partial content.
 */
export async function putLibraryFile(
  folders: LibraryFolders,
  body: AsyncIterable<Uint8Array>,
  { limitBytes, signal }: PutLibraryOptions,
): Promise<PutLibraryAnswer> {
  const temporary = join(folders.temporaryFolder, Buffer.from(folders.random(16)).toString("hex"));
  let isKept = false;
  try {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    using claims = new DisposableStack();
    let claimedBytes = 0;
    const claimUpTo = async (bytes: number): Promise<boolean> => {
      while (claimedBytes < bytes) {
        const claim = await folders.space.claim(CLAIM_BYTES);
        if (claim === null) return false;
        claims.use(claim);
        claimedBytes += CLAIM_BYTES;
      }
      return true;
    };
    if (!(await claimUpTo(1))) return { code: "InsufficientStorage" };
    {
      await using file = await open(temporary, "wx", 0o600);
      await using writer = new ChunkWriter(file, folders.write, 0);
      for await (const chunk of body) {
        signal?.throwIfAborted();
        if (sizeBytes + chunk.length > limitBytes) return { code: "TooLarge", limitBytes };
        if (!(await claimUpTo(sizeBytes + chunk.length))) return { code: "InsufficientStorage" };
        hash.update(chunk);
        await writer.add(chunk);
        sizeBytes += chunk.length;
      }
      signal?.throwIfAborted();
      await writer.end();
      await file.sync();
    }
    const sha256 = hash.digest("hex");
    const folder = join(folders.libraryFolder, shardOf(sha256));
    await makeFolder(folder);
    const path = join(folder, sha256);
    if ((await sizeOf(path)) !== sizeBytes) {
      await rename(temporary, path);
      isKept = true;
    }
    // Also when the content existed before, because its writer may not have reached this line yet.
    await syncFolder(folder);
    return { code: "stored", sha256, sizeBytes };
  } catch (error) {
    if (isDiskFull(error)) return { code: "InsufficientStorage" };
    throw error;
  } finally {
    if (!isKept) await removeFile(temporary);
  }
}
