import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileNameFault } from "@halligan/protocol/api";
import { CliError, UsageError } from "../cli-error.ts";

/** Up to this size a file is read once, into memory. */
const MAX_IN_MEMORY_BYTES = 16 * 1024 * 1024;

/** A file of this computer as it was at one moment: the hash is of the very bytes that `content` sends. */
export interface LocalFile {
  /** Without its folder. */
  name: string;
  path: string;
  sha256: string;
  content: Blob;
}

/** Whether `path` names a file here. Other trouble than its absence is thrown. */
export async function isLocalFile(path: string, currentFolder: string): Promise<boolean> {
  const found = await stat(resolve(currentFolder, path)).catch((error: NodeJS.ErrnoException) => {
    // A name that is too long for a file here can still be one of the library.
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(error.code ?? "")) return null;
    throw error;
  });
  return found?.isFile() ?? false;
}

/**
 * Reads a local file. A small one is read once and held; a larger one is read to hash it and again to send it, and the runtime refuses
 * the second reading when the file was changed in between. Either way other bytes than those of the hash are never sent unnoticed.
 */
export async function readLocalFile(path: string, currentFolder: string, signal: AbortSignal): Promise<LocalFile> {
  const name = basename(path);
  const fault = fileNameFault(name);
  if (fault !== null) throw new UsageError(`The file's name ${fault}: ${JSON.stringify(name)}. Rename it first.`);
  if (!(await isLocalFile(path, currentFolder))) {
    throw new CliError("localFile", "NoSuchFile", `There is no file ${path} here.`);
  }
  const fullPath = resolve(currentFolder, path);
  const held = await readSmall(fullPath);
  const content = held ?? (await openAsBlob(fullPath));
  const hash = createHash("sha256");
  try {
    for await (const chunk of content.stream()) {
      signal.throwIfAborted();
      hash.update(chunk);
    }
  } catch (error) {
    if (isChangedFile(error)) throw changedWhileRead(path);
    throw error;
  }
  return { name, path, sha256: hash.digest("hex"), content };
}

export const changedWhileRead = (path: string): CliError =>
  new CliError(
    "localFile",
    "FileChanged",
    `${path} was changed while it was read, so it is not clear which content is meant. Copy it, then use the copy.`,
  );

/** The runtime refuses to read a file that was changed since it was hashed; fetch has that as its cause. */
export function isChangedFile(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.name === "NotReadableError") return true;
  }
  return false;
}

/** Null when it is larger; then nothing of it is kept. */
async function readSmall(fullPath: string): Promise<Blob | null> {
  await using file = await open(fullPath, "r");
  // One byte more, so that a file that has grown since it was looked at is seen as too large, not cut.
  const bytes = new Uint8Array(Math.min((await file.stat()).size, MAX_IN_MEMORY_BYTES) + 1);
  let sizeBytes = 0;
  while (sizeBytes < bytes.length) {
    const { bytesRead } = await file.read(bytes, sizeBytes, bytes.length - sizeBytes, sizeBytes);
    if (bytesRead === 0) return new Blob([bytes.subarray(0, sizeBytes)]);
    sizeBytes += bytesRead;
  }
  return null;
}
