import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../auth/random.ts";
import { lru } from "../../lru.ts";
import {
  type BlobStore,
  type ByteRange,
  type CompleteAnswer,
  type FollowedBlob,
  MAX_PARTS,
  type PutLibraryOptions,
  RESULT_ID,
  type ResultContent,
  type ResultPart,
  SHA256,
  type WholeResult,
} from "../blob-store.ts";
import {
  isDiskFull,
  makeFolder,
  openBlobFile,
  openToRead,
  removeFile,
  sizeOf,
  type WriteChunks,
  writeChunks,
} from "../disk-files.ts";
import { ArrivingStream } from "./arriving-stream.ts";
import { type LibraryFolders, putLibraryFile, shardOf } from "./disk-library.ts";
import { DiskPartials } from "./disk-partials.ts";
import { type DiskSpace, UNRESERVED } from "./disk-space.ts";

export interface DiskBlobStoreOptions {
  /** Absolute. Created when it is missing. One process at a time. */
  readonly folder: string;
  readonly random: Random;
  /**
   * Unfinished uploads whose running SHA-256 is kept in memory. For further uploads the content is
   * read once more. Default 256.
   */
  readonly hashStates?: number;
  readonly write?: WriteChunks;
  /** Called before bytes are read. Default: no reserve. */
  readonly space?: DiskSpace;
}

/**
 * Opens the store and removes what a crash has left: temporary files, and logs of uploads without
 * content. Folders 0700, files 0600.
 */
export async function openDiskBlobStore(options: DiskBlobStoreOptions): Promise<BlobStore> {
  const { folder, random, hashStates = 256, write = writeChunks, space = UNRESERVED } = options;
  const at = {
    library: join(folder, "library"),
    results: join(folder, "results"),
    partials: join(folder, "partials"),
    temporary: join(folder, "temporary"),
  };
  for (const path of [folder, ...Object.values(at)]) await makeFolder(path);
  for (const name of await readdir(at.temporary)) await removeFile(join(at.temporary, name));
  const partials = new DiskPartials(at.partials, write, hashStates, space);
  await partials.removeLeftovers();
  return new DiskBlobStore(
    { libraryFolder: at.library, temporaryFolder: at.temporary, random, write, space },
    at.results,
    partials,
  );
}

class DiskBlobStore implements BlobStore {
  readonly #library: LibraryFolders;
  readonly #results: string;
  readonly #partials: DiskPartials;
  /** SHA-256 of recently completed results, so that a repeated completion does not read them. */
  readonly #completed = lru<string, string>(1_000);

  constructor(library: LibraryFolders, results: string, partials: DiskPartials) {
    this.#library = library;
    this.#results = results;
    this.#partials = partials;
  }

  putLibrary = (body: AsyncIterable<Uint8Array>, options: PutLibraryOptions) =>
    putLibraryFile(this.#library, body, options);

  openLibrary = async (sha256: string, range?: ByteRange) => await openBlobFile(this.#libraryPath(sha256), range);

  async statLibrary(sha256: string) {
    const sizeBytes = await sizeOf(this.#libraryPath(sha256));
    return sizeBytes === null ? null : { sizeBytes };
  }

  deleteLibrary = async (sha256: string) => await removeFile(this.#libraryPath(sha256));

  async putResultPart(part: ResultPart) {
    if (!Number.isSafeInteger(part.part) || part.part < 0 || part.part >= MAX_PARTS) {
      return { code: "PartMismatch", detail: `parts are numbered from 0 to ${MAX_PARTS - 1}` } as const;
    }
    // A part that is repeated after the completion is late, not wrong: the content can no longer
    // change.
    if ((await sizeOf(this.#resultPath(part.resultId))) !== null) return { code: "stored" } as const;
    return await this.#partials.putPart(part);
  }

  async completeResult(whole: WholeResult): Promise<CompleteAnswer> {
    const path = this.#resultPath(whole.resultId);
    const known = await sizeOf(path);
    if (known !== null) return await this.#compare(whole, path, known);
    try {
      await makeFolder(join(this.#results, shardOf(whole.resultId)));
    } catch (error) {
      if (isDiskFull(error)) return { code: "InsufficientStorage" };
      throw error;
    }
    const answer = await this.#partials.complete(whole, path);
    if (answer.code === "complete") this.#completed.set(whole.resultId, whole.sha256);
    if (answer.code === "complete" || answer.code === "InsufficientStorage") return answer;
    // Another completion may have moved the parts away after the first look.
    const meanwhile = await sizeOf(path);
    return meanwhile === null ? answer : await this.#compare(whole, path, meanwhile);
  }

  async #compare(whole: WholeResult, path: string, sizeBytes: number): Promise<CompleteAnswer> {
    const sha256 = this.#completed.get(whole.resultId) ?? (await sha256Of(path));
    if (sha256 !== whole.sha256 || sizeBytes !== whole.sizeBytes) {
      return { code: "UploadMismatch", detail: "the result is complete with another content" };
    }
    this.#completed.set(whole.resultId, sha256);
    return { code: "complete" };
  }

  async statResult({ resultId }: ResultContent) {
    const sizeBytes = await sizeOf(this.#resultPath(resultId));
    return sizeBytes === null ? null : { sizeBytes };
  }

  openResult = async ({ resultId }: ResultContent, range?: ByteRange) =>
    await openBlobFile(this.#resultPath(resultId), range);

  async followResult(resultId: string, fromBytes: number, signal: AbortSignal): Promise<FollowedBlob | null> {
    const path = this.#resultPath(resultId);
    using held = new DisposableStack();
    const follow = held.use(this.#partials.follow(resultId));
    const { arrival } = follow;
    const known = await sizeOf(path);
    if (known === null) await this.#partials.readStored(resultId, arrival);
    else arrival.completed(known);
    await arrival.beyond(fromBytes, signal);
    const { state, durableBytes } = arrival;
    if (signal.aborted || state === "gone" || durableBytes < fromBytes) return null;
    // The completion renames the file and is signalled after it. An open file stays readable.
    const arriving = state === "arriving" ? await openToRead(this.#partials.dataPath(resultId)) : null;
    const file = arriving ?? (await openToRead(path));
    if (file === null) return null;
    held.move();
    const stream = new ArrivingStream(file, follow, fromBytes);
    return { stream, recycle: (chunk) => stream.recycle(chunk) };
  }

  async deleteResult(resultId: string) {
    const path = this.#resultPath(resultId);
    this.#completed.delete(resultId);
    const hadPartial = await this.#partials.remove(resultId);
    return (await removeFile(path)) || hadPartial;
  }

  sweepPartials = async (olderThanMs: number, nowMs: number) => await this.#partials.sweep(olderThanMs, nowMs);

  #libraryPath(sha256: string): string {
    if (!SHA256.test(sha256)) throw new TypeError("not a SHA-256");
    return join(this.#library.libraryFolder, shardOf(sha256), sha256);
  }

  #resultPath(resultId: string): string {
    if (!RESULT_ID.test(resultId)) throw new TypeError("not a result id");
    return join(this.#results, shardOf(resultId), resultId);
  }
}

async function sha256Of(path: string): Promise<string | null> {
  const blob = await openBlobFile(path);
  if (blob === null) return null;
  const hash = createHash("sha256");
  for await (const chunk of blob.stream) {
    hash.update(chunk);
    blob.recycle?.(chunk);
  }
  return hash.digest("hex");
}
