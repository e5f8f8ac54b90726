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
  /** Of the content, unpacked. */
  sha256: string;
}

export interface DownloadOptions {
  actionId: string;
  commandIndex: number;
  target: Target;
  maxSizeBytes: number;
  stdout: Writable;
  progress: Progress;
  signal: AbortSignal;
}

/** Streams the result of a GetFile, unpacked and hashed on the way. */
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
    let counted = { sizeBytes: 0, sha256: "" };
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
  { maxSizeBytes, progress, signal }: DownloadOptions,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Unpacked> {
  const onChunk = (sizeBytes: number) => progress.show(`${formatBytes(sizeBytes)} received`);
  return unpack(body === null ? [] : chunksOf(body), { maxSizeBytes, onChunk, signal }, write);
}

export type Unpacked = Pick<DownloadedFile, "sizeBytes" | "sha256">;

export interface UnpackOptions {
  maxSizeBytes: number;
  onChunk(sizeBytes: number): void;
  signal: AbortSignal;
}

/** Unpacks a gzip and hashes its content on the way. */
export async function unpack(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { maxSizeBytes, onChunk, signal }: UnpackOptions,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Unpacked> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    await pipeline(
      Readable.from(source),
      createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES }),
      async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) {
          sizeBytes += chunk.byteLength;
          if (sizeBytes > maxSizeBytes) throw tooLarge(maxSizeBytes);
          hash.update(chunk);
          await write(chunk);
          onChunk(sizeBytes);
        }
      },
      { signal },
    );
  } catch (error) {
    throw isZlibError(error)
      ? new UnexpectedResponseError("The result is not a whole gzip file, as a GetFile's must be", { cause: error })
      : error;
  }
  return { sizeBytes, sha256: hash.digest("hex") };
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
