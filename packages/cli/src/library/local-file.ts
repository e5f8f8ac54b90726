import { createHash } from "node:crypto";
import { openAsBlob, type Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileNameFault } from "@halligan/protocol/api";
import { CliError, UsageError } from "../errors/cli-error.ts";

/** Up to this size a file is read once, into memory. */
const MAX_IN_MEMORY_BYTES = 16 * 1024 * 1024;
/** Read at a time of a file that states no size, such as those of /proc. */
const BLOCK_BYTES = 64 * 1024;

/**
 * A file of this computer in its state at one moment. The hash is that of the bytes that `content`
 * sends.
 */
export interface LocalFile {
  /** Without its folder. */
  name: string;
  path: string;
  sha256: string;
  content: Blob;
}

/** Whether `path` names a local file. Errors other than its absence are thrown. */
export async function isLocalFile(path: string, currentFolder: string): Promise<boolean> {
  return (await statsOf(path, currentFolder))?.isFile() ?? false;
}

function statsOf(path: string, currentFolder: string): Promise<Stats | null> {
  return stat(resolve(currentFolder, path)).catch((error: NodeJS.ErrnoException) => {
    // A name that is too long for a file here can still be one of the library.
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(error.code ?? "")) return null;
    throw error;
  });
}

/**
 * Reads a local file. A small file is read once and kept in memory. A larger file is read to hash
 * it and read again to send it. The runtime refuses the second reading when the file has changed
 * since. In both cases, only the hashed bytes are sent.
 */
export async function readLocalFile(path: string, currentFolder: string, signal: AbortSignal): Promise<LocalFile> {
  const name = basename(path);
  const fault = fileNameFault(name);
  if (fault !== null) throw new UsageError(`The file's name ${fault}: ${JSON.stringify(name)}. Rename it first.`);
  const found = await statsOf(path, currentFolder);
  if (found === null) throw new CliError("localFile", "NoSuchFile", `There is no file ${path} here.`);
  if (!found.isFile()) throw notPlain(path, found);
  const fullPath = resolve(currentFolder, path);
  const held = await readSmall(fullPath);
  if (held === null && found.size === 0) {
    throw new CliError("localFile", "NoFileSize", `${path} states no size and is large. Copy it, then use the copy.`);
  }
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

/** Its bytes can be read once at most, but they are hashed first and can be sent several times. */
function notPlain(path: string, found: Stats): CliError {
  if (found.isDirectory()) return new CliError("localFile", "IsAFolder", `${path} is a folder. Name a file.`);
  const kind = found.isFIFO() ? "a named pipe" : found.isSocket() ? "a socket" : "a device";
  return new CliError("localFile", "NotAFile", `${path} is ${kind}. Save its content to a file, then use that file.`);
}

export const changedWhileRead = (path: string): CliError =>
  new CliError(
    "localFile",
    "FileChanged",
    `${path} was changed while it was read, so it is not clear which content is meant. Copy it, then use the copy.`,
  );

/**
 * The runtime refuses to read a file that was changed since it was hashed; fetch has that as its
 * cause.
 */
export function isChangedFile(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.name === "NotReadableError") return true;
  }
  return false;
}

/** Null when it is larger; then nothing of it is kept. */
async function readSmall(fullPath: string): Promise<Blob | null> {
  await using file = await open(fullPath, "r");
  // One byte more, so that a file that has grown since it was looked at is seen as larger, not cut.
  const statedBytes = (await file.stat()).size + 1;
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  let sizeBytes = 0;
  while (sizeBytes <= MAX_IN_MEMORY_BYTES) {
    const wanted = Math.max(statedBytes - sizeBytes, BLOCK_BYTES);
    const block = new Uint8Array(Math.min(wanted, MAX_IN_MEMORY_BYTES + 1 - sizeBytes));
    const { bytesRead } = await file.read(block, 0, block.length, sizeBytes);
    if (bytesRead === 0) return new Blob(blocks);
    blocks.push(block.subarray(0, bytesRead));
    sizeBytes += bytesRead;
  }
  return null;
}
