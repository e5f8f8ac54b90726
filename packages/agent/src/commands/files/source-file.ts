/**
 * A file of the device. Opening and reading it cannot hang, whatever happens to the file meanwhile.
 *
 * The agent reads the open file up to the size that it had when the reading began. The reading of a
 * growing file therefore ends, and a file that only grows is collected in its state of one moment.
 * A file that changes in another way is collected too, because a changed log, journal or database
 * is better than none; `fileChange` reports the change. The handle stays on the file that the path
 * named first, so a replaced file is collected completely
 * (docs/decisions/0019-a-changing-file-is-collected.md). A file that states no size, as in /proc,
 * is read to its end, up to a bound.
 */
import type { BigIntStats } from "node:fs";
import { constants, type FileHandle, lstat, open, readlink, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { FileChange } from "@halligan/protocol/link";
import type { DataFolder } from "../../disk/data-folder.ts";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { LIMITS } from "../../limits.ts";
import { TransferFailedError, type TransferWatch } from "../../transfer/transfer-watch.ts";
import { fileCalls } from "./file-calls.ts";
import { type Collected, fileChange } from "./file-change.ts";
import { isOwnKey, statOwnKeys } from "./own-keys.ts";

/** The members of a transfer that a reading needs: its signal, and the report of progress. */
export type ReadWatch = Pick<TransferWatch, "signal" | "moved">;

/**
 * Opens what a GetFile names. Rejects with TransferFailedError for what is no file that may be
 * collected; the agent's own keys are not, under whatever name.
 */
export async function openSourceFile(
  { path: asked, pathBase64 }: { path: string; pathBase64?: string },
  { root, work: workFolder }: Pick<DataFolder, "root" | "work">,
  watch: ReadWatch,
  maxUnsizedBytes: number,
): Promise<SourceFile> {
  if (asked === "") throw new TransferFailedError("No path was given.");
  if (asked.includes("\0")) throw new TransferFailedError("The path contains a NUL character.");
  const named = path.isAbsolute(asked) ? asked : path.join(workFolder, asked);
  // A name that is not UTF-8 exists only as bytes. `named` serves to compare and to report.
  const bytes = pathBase64 === undefined ? null : Buffer.from(pathBase64, "base64");
  if (bytes && !path.isAbsolute(asked)) throw new TransferFailedError("A path that is not UTF-8 must be absolute.");
  const file = bytes ?? named;
  const refuse = (why: string, cause?: unknown) =>
    new TransferFailedError(`'${asked}' cannot be fetched: ${why}.`, { cause });
  if (!path.isAbsolute(asked) && !isInside(workFolder, named))
    throw refuse("a relative path must stay in the working folder");
  const { signal } = watch;
  const call = <T>(work: () => Promise<T>) => fileCalls.run(signal, work);
  let handle: FileHandle | null = null;
  try {
    if (process.platform === "win32" && (await call(() => lstat(file))).isSymbolicLink())
      throw refuse("it is a reparse point");
    if (!path.isAbsolute(asked)) {
      const real = await call(async () => [await realpath(workFolder), await realpath(file)] as const);
      if (!isInside(...real)) throw refuse("it is a link that leads out of the working folder");
    }
    // Checked before opening, because opening some devices has an effect. Checked again after
    // opening, because the name can then name another file.
    requireRegular(await call(() => stat(file, { bigint: true })), refuse);
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
    handle = await fileCalls.run(signal, () => open(file, flags), closeInBackground);
    const opened = handle;
    const found = await call(() => opened.stat({ bigint: true }));
    requireRegular(found, refuse);
    if (isOwnKey(await call(() => statOwnKeys(root)), found)) throw refuse("it is the agent's own key");
    const real = await call(() => openedPath(opened, named));
    return new SourceFile(file, opened, watch, maxUnsizedBytes, isNamed(path.resolve(named), real) ? null : real);
  } catch (error) {
    if (handle) closeInBackground(handle);
    if (error instanceof TransferFailedError) throw error;
    signal.throwIfAborted();
    const isDangling = isErrno(error, "ENOENT") && (await isLink(file, watch));
    throw refuse(isDangling ? "it is a link to something that does not exist" : reasonOf(error), error);
  }
}

/**
 * The path of the open file, without links. If the system does not report it, the path that the
 * name leads to now.
 */
async function openedPath(handle: FileHandle, file: string): Promise<string> {
  const known = process.platform === "linux" ? await readlink(`/proc/self/fd/${handle.fd}`).catch(() => null) : null;
  if (known?.startsWith("/")) return known;
  return await realpath(file).catch(() => path.resolve(file));
}

/** `/proc/self` is a link of the kernel itself. It leads to the same place for every caller. */
const isNamed = (named: string, real: string) =>
  named === real || (named.startsWith("/proc/") && real.startsWith("/proc/"));

/** Closing can hang like reading, and nothing depends on it. */
function closeInBackground(handle: FileHandle): void {
  handle.close().catch(() => undefined);
}

async function isLink(file: string | Buffer, { signal }: ReadWatch): Promise<boolean> {
  try {
    return (await fileCalls.run(signal, () => lstat(file))).isSymbolicLink();
  } catch {
    return false;
  }
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function requireRegular(found: BigIntStats, refuse: (why: string) => Error): void {
  if (found.isFile()) return;
  if (found.isDirectory()) throw refuse("it is a folder");
  if (found.isFIFO()) throw refuse("it is a named pipe, not a file");
  if (found.isSocket()) throw refuse("it is a socket, not a file");
  throw refuse("it is a device, not a file");
}

/** Some files of /proc are read in multiples of their entries' size only. */
const PROBE_BYTES = 4096;

export class SourceFile implements AsyncDisposable {
  readonly #path: string | Buffer;
  readonly #handle: FileHandle;
  readonly #watch: ReadWatch;
  /** Bound of a file that states no size. */
  readonly #maxUnsizedBytes: number;
  /**
   * The path of the file itself when the path that was asked for leads to it through a link; else
   * null.
   */
  readonly linkTarget: string | null;
  #change: FileChange | null = null;
  /** A read with an unknown outcome. The file is closed after it. */
  #reading: Promise<unknown> = Promise.resolve();

  constructor(
    filePath: string | Buffer,
    handle: FileHandle,
    watch: ReadWatch,
    maxUnsizedBytes: number,
    linkTarget: string | null,
  ) {
    this.#maxUnsizedBytes = maxUnsizedBytes;
    this.linkTarget = linkTarget;
    this.#path = filePath;
    this.#handle = handle;
    this.#watch = watch;
  }

  /** How the file changed during the last complete reading; null when it did not. */
  get change(): FileChange | null {
    return this.#change;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { signal } = this.#watch;
    if (!signal.aborted) return await fileCalls.run(signal, () => this.#handle.close()).catch(() => undefined);
    void this.#reading.catch(() => undefined).then(() => closeInBackground(this.#handle));
  }

  /**
   * Blocks of 1 MiB. A block holds until the one after the next is asked for: two buffers take
   * turns, as new ones for each block are collected late (400 MB under Bun: 114 MB resident at the
   * peak instead of 183). Can be read more than once, each time from the beginning. Rejects with
   * TransferFailedError.
   */
  async *blocks(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#change = null;
    const before = await this.#state();
    const isSized = before.size > 0n;
    const boundBytes = isSized ? Number(before.size) : this.#maxUnsizedBytes;
    const blockBytes = Math.min(LIMITS.readBlockBytes, boundBytes);
    let block = Buffer.allocUnsafeSlow(blockBytes);
    let other = Buffer.allocUnsafeSlow(blockBytes);
    let at = 0;
    while (at < boundBytes) {
      [block, other] = [other, block];
      const filled = await this.#readBlock(block.subarray(0, boundBytes - at), at);
      if (filled === 0) break;
      this.#watch.moved();
      yield block.subarray(0, filled);
      at += filled;
    }
    const isCutOff = !isSized && at >= boundBytes && (await this.#hasMore(at));
    const after = await this.#state();
    this.#change = fileChange({ before, after, named: await this.#named(), collectedBytes: at, isCutOff });
  }

  /** A file that cannot be read there can have more content. */
  async #hasMore(at: number): Promise<boolean> {
    try {
      return (await this.#readBlock(new Uint8Array(PROBE_BYTES), at)) > 0;
    } catch (error) {
      this.#watch.signal.throwIfAborted();
      if (error instanceof TransferFailedError) return true;
      throw error;
    }
  }

  /** Fills the block up to the end of the file. A short read is not an end. */
  async #readBlock(block: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < block.length) {
      const [from, length] = [filled, block.length - filled];
      try {
        const { bytesRead } = await this.#call(() => this.#handle.read(block, from, length, position + from));
        if (bytesRead === 0) break;
        filled += bytesRead;
      } catch (error) {
        if (error instanceof TransferFailedError) throw error;
        this.#watch.signal.throwIfAborted();
        const at = position + filled;
        // A file such as /proc/kmsg returns only new content, and has returned all of it.
        if (isErrno(error, "EAGAIN") && at > 0) break;
        const why = isErrno(error, "EAGAIN") ? "it has nothing to read now" : reasonOf(error);
        throw new TransferFailedError(`The file could not be read at byte ${at}: ${why}.`, { cause: error });
      }
    }
    return filled;
  }

  async #state(): Promise<BigIntStats> {
    try {
      return await this.#call(() => this.#handle.stat({ bigint: true }));
    } catch (error) {
      if (error instanceof TransferFailedError) throw error;
      this.#watch.signal.throwIfAborted();
      throw new TransferFailedError(`The file could not be read: ${reasonOf(error)}.`, { cause: error });
    }
  }

  async #named(): Promise<Collected["named"]> {
    try {
      return await this.#call(() => stat(this.#path, { bigint: true }));
    } catch (error) {
      if (error instanceof TransferFailedError) throw error;
      this.#watch.signal.throwIfAborted();
      return isErrno(error, "ENOENT", "ENOTDIR") ? null : "unknown";
    }
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    return await fileCalls.run(this.#watch.signal, () => {
      const outcome = work();
      this.#reading = outcome;
      return outcome;
    });
  }
}
