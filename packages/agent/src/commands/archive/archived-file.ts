/**
 * One regular file of an archive. The size of a file stands in the archive before its content. A
 * file of one block is therefore read completely before its size is stated. A larger one is read
 * up to the size that it had when it was opened, and padded with zeros when it has become shorter.
 */
import { createHash, type Hash } from "node:crypto";
import { type BigIntStats, constants, readlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { FileChangeKind } from "@halligan/protocol/link";
import { isErrno } from "../../disk/errno.ts";
import { fileChange } from "../files/file-change.ts";
import { isOwnKey, type OwnKeys } from "../files/own-keys.ts";
import type { Calls } from "./archive-calls.ts";
import { bufferOf, type PathBytes } from "./path-bytes.ts";

/** A file that is not collected; the message is for people. */
export class NotCollectedError extends Error {
  override name = "NotCollectedError";
}

/** What is known of the content after it was read. */
export interface Content {
  sha256: string;
  change: readonly FileChangeKind[];
  paddedBytes: number;
  error: string | null;
}

export class ArchivedFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #calls: Calls;
  readonly #block: Uint8Array;
  readonly #before: BigIntStats;
  readonly #firstBytes: number;
  readonly #hash: Hash = createHash("sha256");
  /** Size in the archive. */
  readonly sizeBytes: number;

  private constructor(
    handle: FileHandle,
    calls: Calls,
    block: Uint8Array,
    { before, firstBytes }: { before: BigIntStats; firstBytes: number },
  ) {
    this.#handle = handle;
    this.#calls = calls;
    this.#block = block;
    this.#before = before;
    this.#firstBytes = firstBytes;
    this.sizeBytes = firstBytes < block.length ? firstBytes : Math.max(firstBytes, sizeOf(before));
  }

  /**
   * Opens the file and reads its first block. Rejects with NotCollectedError, or as the calls do.
   * @param block for all reading; it belongs to this file until it is disposed of
   */
  static async open(
    path: PathBytes,
    { calls, block, ownKeys }: { calls: Calls; block: Uint8Array; ownKeys: OwnKeys },
  ): Promise<ArchivedFile> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
    const handle = await calls.run(() => open(bufferOf(path), flags), closeInBackground);
    try {
      const before = await calls.run(() => handle.stat({ bigint: true }));
      if (!before.isFile()) throw new NotCollectedError("it was replaced by something that is not a file");
      if (isOwnKey(ownKeys, before)) throw new NotCollectedError("it is the agent's own key");
      requireSamePath(handle, path);
      // A file that states its size needs no further read to find its end.
      const wanted = before.size > 0n ? block.subarray(0, sizeOf(before)) : block;
      const firstBytes = await fill(handle, calls, wanted, 0);
      return new ArchivedFile(handle, calls, block, { before, firstBytes });
    } catch (error) {
      closeInBackground(handle);
      throw error;
    }
  }

  /**
   * Exactly `sizeBytes` bytes. Each piece holds until the next is asked for. Returns what is known
   * of them.
   */
  async *bytes(): AsyncGenerator<Uint8Array, Content, undefined> {
    const calls = this.#calls;
    const block = this.#block;
    let filled = this.#firstBytes;
    let at = 0;
    let error: string | null = null;
    while (filled > 0) {
      const piece = block.subarray(0, filled);
      this.#hash.update(piece);
      yield piece;
      at += filled;
      const leftBytes = this.sizeBytes - at;
      try {
        filled = leftBytes > 0 ? await fill(this.#handle, calls, block.subarray(0, leftBytes), at) : 0;
      } catch (failure) {
        error = `it could not be read at byte ${at}: ${calls.reasonUnlessOver(failure)}`;
        filled = 0;
      }
    }
    const paddedBytes = this.sizeBytes - at;
    if (paddedBytes > 0) yield* this.#zeros(paddedBytes);
    const change = await this.#change(at);
    return { sha256: this.#hash.digest("hex"), change, paddedBytes, error };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    closeInBackground(this.#handle);
  }

  *#zeros(sizeBytes: number): Generator<Uint8Array, void, undefined> {
    this.#block.fill(0);
    for (let left = sizeBytes; left > 0; left -= this.#block.length) {
      const piece = this.#block.subarray(0, left);
      this.#hash.update(piece);
      yield piece;
    }
  }

  async #change(collectedBytes: number): Promise<readonly FileChangeKind[]> {
    const before = this.#before;
    try {
      const after = await this.#calls.run(() => this.#handle.stat({ bigint: true }));
      const isFull = before.size === 0n && collectedBytes === this.#block.length;
      const isCutOff = isFull && (await fill(this.#handle, this.#calls, this.#block, collectedBytes)) > 0;
      return fileChange({ before, after, named: "unknown", collectedBytes, isCutOff })?.kinds ?? [];
    } catch (error) {
      this.#calls.reasonUnlessOver(error);
      return [];
    }
  }
}

const sizeOf = ({ size }: BigIntStats): number => Number(size);

/** Fills the block up to the end of the file. A short read is not an end. */
async function fill(handle: FileHandle, calls: Calls, block: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < block.length) {
    const from = filled;
    try {
      const { bytesRead } = await calls.run(() => handle.read(block, from, block.length - from, position + from));
      if (bytesRead === 0) break;
      filled += bytesRead;
    } catch (error) {
      // A file such as /proc/kmsg returns only new content, and has returned all of it.
      if (isErrno(error, "EAGAIN") && position + filled > 0) break;
      throw error;
    }
  }
  return filled;
}

/**
 * Between the look at a folder and the opening of a file in it, the folder can be replaced by a
 * link to another one. Only Linux reports the path of an open file.
 */
function requireSamePath(handle: FileHandle, path: PathBytes): void {
  if (process.platform !== "linux") return;
  const opened = readlinkSync(`/proc/self/fd/${handle.fd}`, { encoding: "buffer" }).toString("latin1");
  if (opened === path || opened === `${path} (deleted)`) return;
  throw new NotCollectedError("its path led to another place when it was opened");
}

/** Closing can hang like reading, and nothing depends on it. */
function closeInBackground(handle: FileHandle): void {
  handle.close().catch(() => undefined);
}
