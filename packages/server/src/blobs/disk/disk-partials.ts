import { createHash } from "node:crypto";
import { open, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "@halligan/protocol/errors";
import { PART_BYTES } from "@halligan/protocol/link";
import type { LRUCache } from "lru-cache";
import { lru } from "../../lru.ts";
import type { CompleteAnswer, PutPartAnswer, ResultPart, WholeResult } from "../blob-store.ts";
import {
  isDiskFull,
  isMissing,
  openBlobFile,
  removeFile,
  sizeOf,
  syncFolder,
  type WriteChunks,
} from "../disk-files.ts";
import { appendPartLog, readPartLog } from "../part-log.ts";
import { Upload } from "../upload.ts";
import { wholeFault } from "../whole-fault.ts";
import { type Arrival, Arrivals } from "./arrivals.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import type { DiskSpace } from "./disk-space.ts";

/** The sender begins again under another id. */
const GONE = { code: "UploadIncomplete", missingParts: [] } as const;
const mismatch = (detail: string) => ({ code: "PartMismatch", detail }) as const;

/**
 * Unfinished uploads: `<id>.data` has each part at its offset, `<id>.parts` lists the durable
 * parts.
 */
export class DiskPartials {
  readonly #folder: string;
  readonly #write: WriteChunks;
  readonly #space: DiskSpace;
  /** Idle uploads in memory. The state of further ones is read from their logs again. */
  readonly #idle: LRUCache<string, Upload>;
  readonly #busy = new Map<string, Upload>();
  readonly #loading = new Map<string, Promise<Upload>>();
  readonly #arrivals = new Arrivals();

  constructor(folder: string, write: WriteChunks, hashStates: number, space: DiskSpace) {
    this.#space = space;
    this.#folder = folder;
    this.#write = write;
    this.#idle = lru(hashStates);
  }

  dataPath = (resultId: string): string => join(this.#folder, `${resultId}.data`);
  #logPath = (resultId: string): string => join(this.#folder, `${resultId}.parts`);

  async putPart(given: ResultPart): Promise<PutPartAnswer> {
    const { resultId, part, sizeBytes, sha256 } = given;
    if (sizeBytes > PART_BYTES) return mismatch(`a part has at most ${PART_BYTES} bytes`);
    const upload = await this.#hold(resultId);
    for (let other = upload.writing.get(part); other !== undefined; other = upload.writing.get(part)) {
      await other.catch(() => undefined);
    }
    const stored = upload.parts.get(part);
    if (stored !== undefined) {
      this.#release(resultId, upload);
      const isSame = stored.sizeBytes === sizeBytes && stored.sha256 === sha256;
      return isSame ? { code: "stored" } : mismatch(`part ${part} is stored with another content`);
    }
    if (upload.isSealed) {
      this.#release(resultId, upload);
      return mismatch("the upload is being completed");
    }
    const writing = this.#writePart(upload, given);
    upload.writing.set(part, writing);
    try {
      return await writing;
    } finally {
      upload.writing.delete(part);
      this.#release(resultId, upload);
    }
  }

  async #writePart(upload: Upload, given: ResultPart): Promise<PutPartAnswer> {
    const { resultId, part, body, sizeBytes, sha256 } = given;
    const offset = part * PART_BYTES;
    const partHash = createHash("sha256");
    // The running hash continues in a copy, because a part that turns out wrong must not affect the
    // original.
    const whole = part === upload.hashedParts ? upload.whole.copy() : null;
    const isNew = upload.parts.size === 0;
    using claim = await this.#space.claim(sizeBytes);
    if (claim === null) return { code: "InsufficientStorage" };
    try {
      await using file = await openForParts(this.dataPath(resultId));
      await using writer = new ChunkWriter(file, this.#write, offset);
      let received = 0;
      for await (const chunk of body) {
        if (received + chunk.length > sizeBytes) return mismatch(`part ${part} has more than ${sizeBytes} bytes`);
        partHash.update(chunk);
        whole?.update(chunk);
        await writer.add(chunk);
        received += chunk.length;
      }
      if (received !== sizeBytes) return mismatch(`part ${part} has ${received} bytes instead of ${sizeBytes}`);
      if (partHash.digest("hex") !== sha256) return mismatch(`part ${part} has another SHA-256`);
      await writer.end();
      await file.sync();
      if (!upload.isRemoved) await appendPartLog(this.#logPath(resultId), part, { sizeBytes, sha256 });
      if (upload.isRemoved) {
        await removeFile(this.#logPath(resultId));
        return mismatch("the upload was given up");
      }
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      await this.#giveBack(upload, resultId);
      return { code: "InsufficientStorage" };
    }
    if (isNew) await syncFolder(this.#folder);
    upload.parts.set(part, { sizeBytes, sha256 });
    this.#arrivals.stored(resultId, upload.parts);
    if (whole !== null && part === upload.hashedParts) {
      upload.whole = whole;
      upload.hashedParts = part + 1;
    }
    return { code: "stored" };
  }

  /** Frees the space of a part that did not fit, unless another part is being written behind it. */
  async #giveBack(upload: Upload, resultId: string): Promise<void> {
    if (upload.writing.size > 1) return;
    const ends = [...upload.parts].map(([part, stored]) => part * PART_BYTES + stored.sizeBytes);
    try {
      await using file = await open(this.dataPath(resultId), "r+");
      await file.truncate(Math.max(0, ...ends));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Checks all parts and moves the file to `path`, whose folder exists. */
  async complete(given: WholeResult, path: string): Promise<CompleteAnswer> {
    const { resultId, partCount, sizeBytes, sha256 } = given;
    const upload = await this.#hold(resultId);
    if (upload.isSealed) {
      this.#release(resultId, upload);
      return GONE;
    }
    upload.isSealed = true;
    try {
      await Promise.allSettled(upload.writing.values());
      const faulty = wholeFault(upload.parts, partCount, sizeBytes);
      if (faulty !== null) return faulty;
      if ((await this.#hashWhole(upload, resultId, partCount)) !== sha256) {
        // The sender starts again under another id. If the parts stayed here, they could be read
        // and hashed without end.
        await this.remove(resultId);
        return { code: "UploadMismatch", detail: "the SHA-256 of the whole does not agree" };
      }
      // Another completion was first, and a part that came after it began the upload again.
      if ((await sizeOf(path)) !== null) await this.remove(resultId);
      if (upload.isRemoved) return GONE;
      await rename(this.dataPath(resultId), path);
      this.#forget(resultId);
      await syncFolder(join(path, ".."));
      await removeFile(this.#logPath(resultId));
      await syncFolder(this.#folder);
      this.#arrivals.completed(resultId, sizeBytes);
      return { code: "complete" };
    } catch (error) {
      if (isDiskFull(error)) return { code: "InsufficientStorage" };
      // Another completion, of a wrong SHA-256, removed the upload.
      if (isMissing(error)) return GONE;
      throw error;
    } finally {
      upload.isSealed = false;
      this.#release(resultId, upload);
    }
  }

  /**
   * Parts that came in sequence were hashed on arrival. Only parts that came out of sequence, or
   * before a restart, are read again.
   */
  async #hashWhole(upload: Upload, resultId: string, partCount: number): Promise<string> {
    const whole = upload.whole.copy();
    const start = upload.hashedParts * PART_BYTES;
    const size = (await sizeOf(this.dataPath(resultId))) ?? 0;
    if (upload.hashedParts < partCount && start < size) {
      const rest = await openBlobFile(this.dataPath(resultId), { start, end: size - 1 });
      for await (const chunk of rest?.stream ?? []) {
        whole.update(chunk);
        rest?.recycle?.(chunk);
      }
    }
    return whole.digest("hex");
  }

  /** Readers of an upload. Begin before looking whether it is complete. */
  follow = (resultId: string) => this.#arrivals.follow(resultId);

  /** What was stored before the reader began. */
  async readStored(resultId: string, arrival: Arrival): Promise<void> {
    const upload = await this.#hold(resultId);
    arrival.stored(upload.parts);
    this.#release(resultId, upload);
  }

  async remove(resultId: string): Promise<boolean> {
    const upload = this.#busy.get(resultId);
    if (upload !== undefined) upload.isRemoved = true;
    this.#forget(resultId);
    this.#arrivals.removed(resultId);
    const hadLog = await removeFile(this.#logPath(resultId));
    const hadData = await removeFile(this.dataPath(resultId));
    return hadLog || hadData;
  }

  async sweep(olderThanMs: number, nowMs: number): Promise<number> {
    let removed = 0;
    for (const name of await readdir(this.#folder)) {
      const resultId = /^([0-9a-f]{64})\.data$/.exec(name)?.[1];
      if (resultId === undefined || this.#busy.has(resultId)) continue;
      const { mtimeMs } = await stat(join(this.#folder, name));
      if (mtimeMs < nowMs - olderThanMs && !this.#busy.has(resultId) && (await this.remove(resultId))) removed += 1;
    }
    return removed;
  }

  /**
   * The result of a crash between two steps: a log whose content was moved to the results, or whose
   * first byte was never written.
   */
  async removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const resultId = /^([0-9a-f]{64})\.parts$/.exec(name)?.[1];
      if (resultId !== undefined && (await sizeOf(this.dataPath(resultId))) === null)
        await removeFile(join(this.#folder, name));
    }
  }

  async #hold(resultId: string): Promise<Upload> {
    const known = this.#busy.get(resultId) ?? this.#idle.get(resultId) ?? (await this.#loadOnce(resultId));
    // While this call waited for the log, another call may have begun to use the upload.
    const upload = this.#busy.get(resultId) ?? known;
    upload.holders += 1;
    this.#idle.delete(resultId);
    this.#busy.set(resultId, upload);
    return upload;
  }

  async #loadOnce(resultId: string): Promise<Upload> {
    const loading = this.#loading.get(resultId) ?? this.#load(resultId);
    this.#loading.set(resultId, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(resultId);
    }
  }

  #load = async (resultId: string): Promise<Upload> => new Upload(await readPartLog(this.#logPath(resultId)));

  #release(resultId: string, upload: Upload): void {
    upload.holders -= 1;
    if (upload.holders > 0 || this.#busy.get(resultId) !== upload) return;
    this.#busy.delete(resultId);
    if (upload.parts.size > 0) this.#idle.set(resultId, upload);
  }

  #forget(resultId: string): void {
    this.#busy.delete(resultId);
    this.#idle.delete(resultId);
  }
}

/**
 * Opens without truncating and creates the file if needed: "a" would ignore offsets, "w" would
 * empty the file.
 */
async function openForParts(path: string) {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return await open(path, "wx+", 0o600);
  } catch (error) {
    // Another part of the same upload created the file first.
    if (errorCode(error) === "EEXIST") return await open(path, "r+");
    throw error;
  }
}
