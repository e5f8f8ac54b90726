import { type FileHandle, mkdir, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "@halligan/protocol/errors";
import type { ByteRange, OpenBlob } from "./blob-store.ts";
import { FileStream } from "./file-stream.ts";

export const isMissing = (error: unknown): boolean => errorCode(error) === "ENOENT";

/** A full disk, or an exhausted quota. */
export const isDiskFull = (error: unknown): boolean => ["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "");

/** Makes file names in a folder durable: a file is safe only after its folder was synced too. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** A private folder, durable in its parent. */
export async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(path));
}

export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** True when there was such a file. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Null when there is no such file. */
export async function openToRead(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export async function openBlobFile(path: string, range?: ByteRange): Promise<OpenBlob | null> {
  const handle = await openToRead(path);
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    if (range !== undefined && (range.start < 0 || range.end < range.start || range.start >= size)) {
      throw new RangeError(`bytes ${range.start}-${range.end} are not within ${size}`);
    }
    const stream = new FileStream(handle, range?.start ?? 0, Math.min(range?.end ?? size, size - 1));
    return { sizeBytes: size, stream, recycle: (chunk) => stream.recycle(chunk) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Writes all chunks from an offset on. A port only so that tests can simulate a full disk. */
export type WriteChunks = (handle: FileHandle, chunks: readonly Uint8Array[], position: number) => Promise<void>;

export const writeChunks: WriteChunks = async (handle, chunks, position) => {
  let left = chunks.filter(({ length }) => length > 0);
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left, at);
    at += bytesWritten;
    left = without(left, bytesWritten);
  }
};

/** The chunks after their first `bytes` bytes. */
function without(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let rest = bytes;
  let whole = 0;
  for (const { length } of chunks) {
    if (length > rest) break;
    rest -= length;
    whole += 1;
  }
  const [partial, ...others] = chunks.slice(whole);
  return partial === undefined ? [] : [partial.subarray(rest), ...others];
}
