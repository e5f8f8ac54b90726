import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type HalliganClient, UnexpectedResponseError, UnreachableError } from "@halligan/protocol/client";
import { errorCode } from "@halligan/protocol/errors";
import { CliError } from "../errors/cli-error.ts";
import type { Progress } from "../render/progress/progress.ts";
import { formatBytes } from "../render/text/units.ts";
import { ArchiveReader, type ArchiveSummary } from "./archive-summary.ts";
import { proposedFileName } from "./safe-file-name.ts";
import { refuseExisting, type Target } from "./target.ts";
import { writeNewFile } from "./write-new-file.ts";

/**
 * A gzip of a few megabytes can unpack to terabytes, and a device can send such a one on purpose.
 */
export const DEFAULT_MAX_SIZE_BYTES = 16 * 1_024 ** 3;

/** Of 64 MiB, zlib's 16 KiB cost a third more processor time of the whole download. */
const UNPACKED_CHUNK_BYTES = 256 * 1_024;

export interface DownloadedFile {
  /** Absolute path, null when it went to standard output. */
  savedAs: string | null;
  sizeBytes: number;
  /** Of the content, unpacked; of an archive as it was saved. */
  sha256: string;
  /** Present only for an archive. Null when its manifest has no end. */
  archive?: ArchiveSummary | null;
}

export interface DownloadOptions {
  actionId: string;
  commandIndex: number;
  target: Target;
  /** A `.tar.gz`, which is saved as it comes. */
  isArchive: boolean;
  maxSizeBytes: number;
  stdout: Writable;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * Streams the result of a GetFile, unpacked and hashed on the way. An archive is unpacked only to
 * read its manifest.
 */
export async function downloadFile(client: HalliganClient, options: DownloadOptions): Promise<DownloadedFile> {
  const { actionId, commandIndex, target, stdout, progress, signal } = options;
  const link = await client.getDownloadUrl(actionId, commandIndex, { signal });
  const response = await client.downloadResult(link, { signal });
  try {
    if (target.kind === "stdout") {
      const counted = await unpackResponse(response, options, async (chunk) => {
        if (!stdout.write(chunk)) await once(stdout, "drain", { signal });
      });
      return { savedAs: null, ...counted };
    }
    const path = target.path ?? join(target.folder, nameFrom(response, actionId, commandIndex));
    await refuseExisting(path, target.mayReplace);
    let counted: Unpacked = { sizeBytes: 0, sha256: "" };
    await writeNewFile(path, target.mayReplace, async (write) => {
      counted = await unpackResponse(response, options, write);
    });
    return { savedAs: path, ...counted };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    progress.clear();
    if (response.body !== null && !response.body.locked) await response.body.cancel();
  }
}

function nameFrom(response: Response, actionId: string, commandIndex: number): string {
  return proposedFileName(response.headers.get("content-disposition")) ?? `${actionId}_${commandIndex}`;
}

function unpackResponse(
  { body }: Response,
  { isArchive, maxSizeBytes, progress, signal }: DownloadOptions,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Unpacked> {
  const onChunk = (sizeBytes: number) => progress.show(`${formatBytes(sizeBytes)} received`);
  return unpack(body === null ? [] : chunksOf(body), { isArchive, maxSizeBytes, onChunk, signal }, write);
}

export type Unpacked = Pick<DownloadedFile, "sizeBytes" | "sha256" | "archive">;

export interface UnpackOptions {
  /** The gzip itself is written, and unpacked only to read the manifest. */
  isArchive: boolean;
  maxSizeBytes: number;
  onChunk(sizeBytes: number): void;
  signal: AbortSignal;
}

/** Unpacks a gzip and hashes what is written on the way. */
export async function unpack(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { isArchive, maxSizeBytes, onChunk, signal }: UnpackOptions,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Unpacked> {
  const hash = createHash("sha256");
  const reader = new ArchiveReader();
  let sizeBytes = 0;
  let unpackedBytes = 0;
  const keep = async (chunk: Uint8Array) => {
    sizeBytes += chunk.byteLength;
    hash.update(chunk);
    await write(chunk);
  };
  try {
    await pipeline(
      Readable.from(source),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          if (isArchive) await keep(chunk);
          yield chunk;
        }
      },
      createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES }),
      async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) {
          unpackedBytes += chunk.byteLength;
          if (unpackedBytes > maxSizeBytes) throw tooLarge(maxSizeBytes);
          if (isArchive) reader.push(chunk);
          else await keep(chunk);
          onChunk(unpackedBytes);
        }
      },
      { signal },
    );
  } catch (error) {
    throw isZlibError(error)
      ? new UnexpectedResponseError("The result is not a whole gzip file, as a GetFile's must be", { cause: error })
      : error;
  }
  return { sizeBytes, sha256: hash.digest("hex"), ...(isArchive && { archive: reader.summary }) };
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (error instanceof TypeError) throw new UnreachableError("The download broke off", { cause: error });
    throw error;
  }
}

function tooLarge(maxSizeBytes: number): CliError {
  return new CliError(
    "localFile",
    "FileTooLarge",
    `The file is larger than ${formatBytes(maxSizeBytes)} and was not kept; --max-size SIZE allows more.`,
  );
}

function isZlibError(error: unknown): boolean {
  return errorCode(error)?.startsWith("Z_") === true;
}
