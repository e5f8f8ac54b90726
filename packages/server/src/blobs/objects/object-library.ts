import { createHash } from "node:crypto";
import { PART_BYTES } from "@halligan/protocol/link";
import type { PutLibraryAnswer, PutLibraryOptions } from "../blob-store.ts";
import { rechunk } from "../rechunk.ts";
import type { Semaphore } from "../semaphore.ts";
import { compose } from "./compose.ts";
import { type IncomingPart, partKey } from "./incoming-key.ts";
import { type ObjectStore, ObjectStoreFullError } from "./object-store.ts";

export interface LibraryUpload {
  readonly objects: ObjectStore;
  /** A random key, for content that does not fit in one piece. */
  readonly uploadId: string;
  readonly composing: Semaphore;
  readonly stopping: AbortSignal;
}

export const libraryKey = (sha256: string): string => `library/${sha256}`;

/**
 * The key is the SHA-256, which is known only after the last byte. Content that fits in one piece
 * waits in memory and is stored under its key at once. Larger content is stored under a random key,
 * like the parts of a result, and is composed in the same way. A server-side copy was rejected:
 * that of S3 ends at 5 GiB, and Azure shows the target before the copy is complete.
 */
export async function putLibraryObject(
  { objects, uploadId, composing, stopping }: LibraryUpload,
  body: AsyncIterable<Uint8Array>,
  { limitBytes, signal }: PutLibraryOptions,
): Promise<PutLibraryAnswer> {
  const ending = signal === undefined ? stopping : AbortSignal.any([signal, stopping]);
  const limit = Math.min(limitBytes, objects.maxPieces * PART_BYTES);
  const hash = createHash("sha256");
  const parts: IncomingPart[] = [];
  let sizeBytes = 0;
  let isTooLarge = false;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      ending.throwIfAborted();
      isTooLarge = sizeBytes + chunk.length > limit;
      if (isTooLarge) return;
      sizeBytes += chunk.length;
      hash.update(chunk);
      yield chunk;
    }
    ending.throwIfAborted();
  }
  const keep = async (chunk: Buffer): Promise<void> => {
    const stored = { sizeBytes: chunk.length, sha256: createHash("sha256").update(chunk).digest("hex") };
    const key = partKey(uploadId, parts.length, stored);
    parts.push({ key, ...stored });
    await objects.putBytes(key, chunk, stored.sha256);
  };
  try {
    for await (const chunk of rechunk(measured(), PART_BYTES)) {
      if (isTooLarge) break;
      if (parts.length === 0 && chunk.length < PART_BYTES) {
        const sha256 = hash.digest("hex");
        if (!(await isThere(objects, sha256, sizeBytes))) await objects.putBytes(libraryKey(sha256), chunk, sha256);
        return { code: "stored", sha256, sizeBytes };
      }
      await keep(chunk);
    }
    if (isTooLarge) return { code: "TooLarge", limitBytes: limit };
    const sha256 = hash.digest("hex");
    const isStored =
      (await isThere(objects, sha256, sizeBytes)) ||
      (await composing.run(() => compose(objects, libraryKey(sha256), parts, sha256, ending), ending));
    if (!isStored) throw new Error("the object store returned changed library content");
    return { code: "stored", sha256, sizeBytes };
  } catch (error) {
    if (error instanceof ObjectStoreFullError) return { code: "InsufficientStorage" };
    throw error;
  } finally {
    // What cannot be removed now is swept later.
    if (parts.length > 0) await objects.delete(parts.map(({ key }) => key)).catch(() => undefined);
  }
}

const isThere = async (objects: ObjectStore, sha256: string, sizeBytes: number): Promise<boolean> =>
  (await objects.head(libraryKey(sha256)))?.sizeBytes === sizeBytes;
