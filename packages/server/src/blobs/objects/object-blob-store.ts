import { PART_BYTES } from "@halligan/protocol/link";
import type { Random } from "../../auth/random.ts";
import {
  type BlobStore,
  BlobStoreUnavailableError,
  type ByteRange,
  type CompleteAnswer,
  type DirectLink,
  MAX_PARTS,
  type PutLibraryOptions,
  type ResultContent,
  type ResultPart,
  SHA256,
  type WholeResult,
} from "../blob-store.ts";
import { Semaphore } from "../semaphore.ts";
import { wholeFault } from "../whole-fault.ts";
import { CheckedBody } from "./checked-body.ts";
import { compose } from "./compose.ts";
import { type IncomingPart, parseIncomingKey, partKey, partPrefix, uploadPrefix } from "./incoming-key.ts";
import { libraryKey, putLibraryObject } from "./object-library.ts";
import { type ObjectStore, ObjectStoreFullError } from "./object-store.ts";
import { resultKey, resultPrefix } from "./result-key.ts";
import { sweepIncoming } from "./sweep-incoming.ts";

/** Results that are composed at a time. Each one holds four parts of 8 MiB in memory. */
const MAX_COMPOSING = 2;

const mismatch = (detail: string) => ({ code: "PartMismatch", detail }) as const;

/**
 * Blobs in an object store that several nodes share. The process keeps no state about an upload:
 * each part is a separate object until the result is composed, so any node can receive a part and
 * any node can complete.
 */
export class ObjectBlobStore implements BlobStore, AsyncDisposable {
  readonly maxResultBytes: number;
  readonly #objects: ObjectStore;
  readonly #random: Random;
  readonly #composing = new Semaphore(MAX_COMPOSING);
  /**
   * Completions that are running here. A device that asks again meanwhile does not start another
   * one.
   */
  readonly #completions = new Map<string, Promise<CompleteAnswer>>();
  readonly #stopping = new AbortController();

  constructor(objects: ObjectStore, random: Random) {
    this.#objects = objects;
    this.#random = random;
    this.maxResultBytes = Math.min(MAX_PARTS, objects.maxPieces) * PART_BYTES;
  }

  async putLibrary(body: AsyncIterable<Uint8Array>, options: PutLibraryOptions) {
    const uploadId = Buffer.from(this.#random(32)).toString("hex");
    return await putLibraryObject(
      { objects: this.#objects, uploadId, composing: this.#composing, stopping: this.#stopping.signal },
      body,
      options,
    );
  }

  openLibrary = async (sha256: string, range?: ByteRange) => await this.#objects.open(checkedLibraryKey(sha256), range);

  async statLibrary(sha256: string) {
    const head = await this.#objects.head(checkedLibraryKey(sha256));
    return head === null ? null : { sizeBytes: head.sizeBytes };
  }

  async deleteLibrary(sha256: string) {
    const key = checkedLibraryKey(sha256);
    if ((await this.#objects.head(key)) === null) return false;
    await this.#objects.delete([key]);
    return true;
  }

  async putResultPart(given: ResultPart) {
    const { resultId, part, sizeBytes, sha256 } = given;
    const prefix = resultPrefix(resultId);
    const maxParts = this.maxResultBytes / PART_BYTES;
    if (!Number.isSafeInteger(part) || part < 0 || part >= maxParts) {
      return mismatch(`this store holds results of at most ${maxParts} parts, numbered from 0`);
    }
    if (sizeBytes > PART_BYTES) return mismatch(`a part has at most ${PART_BYTES} bytes`);
    const [complete, parts] = await Promise.all([
      this.#keysUnder(prefix),
      this.#partsUnder(partPrefix(resultId, part)),
    ]);
    // A part that is repeated after the completion is late, not wrong: the content can no longer
    // change.
    if (complete.length > 0) return { code: "stored" } as const;
    const stored = parts.get(part);
    if (stored !== undefined) {
      const isSame = stored.sizeBytes === sizeBytes && stored.sha256 === sha256;
      return isSame ? ({ code: "stored" } as const) : mismatch(`part ${part} is stored with another content`);
    }
    return await this.#putPart(given, partKey(resultId, part, { sizeBytes, sha256 }));
  }

  async #putPart(given: ResultPart, key: string) {
    using body = new CheckedBody(given);
    try {
      if (given.sizeBytes > 0) await this.#objects.putStream(key, body.stream, given, body.signal);
      else {
        // Empty content has no last byte to hold back, so its emptiness must be checked first.
        for await (const _ of body.stream);
        await this.#objects.putBytes(key, Buffer.alloc(0), given.sha256);
      }
      return { code: "stored" } as const;
    } catch (error) {
      if (body.fault !== null) return mismatch(body.fault);
      if (body.failure !== null) throw body.failure.error;
      if (error instanceof ObjectStoreFullError) return { code: "InsufficientStorage" } as const;
      throw error;
    }
  }

  async completeResult(whole: WholeResult): Promise<CompleteAnswer> {
    const id = JSON.stringify([resultKey(whole), whole.partCount, whole.sizeBytes]);
    const completing = this.#completions.get(id) ?? this.#complete(whole);
    this.#completions.set(id, completing);
    try {
      return await completing;
    } finally {
      this.#completions.delete(id);
    }
  }

  async #complete(whole: WholeResult): Promise<CompleteAnswer> {
    const { resultId, partCount, sizeBytes, sha256 } = whole;
    const known = await this.#compareWithKnown(whole);
    if (known !== null) return known;
    const parts = await this.#partsUnder(uploadPrefix(resultId));
    const fault = wholeFault(parts, partCount, sizeBytes);
    if (fault !== null) {
      // Another node may have completed it and removed the parts between the two checks.
      const meanwhile = fault.code === "UploadIncomplete" ? await this.#compareWithKnown(whole) : null;
      return meanwhile ?? fault;
    }
    const ordered = [...parts].sort(([one], [other]) => one - other).map(([, stored]) => stored);
    try {
      const stopping = this.#stopping.signal;
      const isMade = await this.#composing.run(
        () => compose(this.#objects, resultKey(whole), ordered, sha256, stopping),
        stopping,
      );
      if (!isMade) {
        // The sender starts again under another id. If the parts stayed here, they could be read
        // and hashed without end.
        await this.#removeIncoming(resultId);
        return { code: "UploadMismatch", detail: "the SHA-256 of the whole does not agree" };
      }
    } catch (error) {
      if (error instanceof ObjectStoreFullError) return { code: "InsufficientStorage" };
      // If two nodes complete at once, the later one finds no parts but finds the result.
      const made = await this.#compareWithKnown(whole).catch(() => null);
      if (made === null) throw error;
      return made;
    }
    // The result exists. Parts that cannot be removed now are swept later.
    await this.#removeIncoming(resultId).catch(() => undefined);
    return { code: "complete" };
  }

  /** Null when no content of this id is complete. */
  async #compareWithKnown(whole: WholeResult): Promise<CompleteAnswer | null> {
    const known = await this.#keysUnder(resultPrefix(whole.resultId));
    if (known.length === 0) return null;
    const stored = await this.#find(whole);
    return stored?.sizeBytes === whole.sizeBytes
      ? { code: "complete" }
      : { code: "UploadMismatch", detail: "the result is complete with another content" };
  }

  async statResult(content: ResultContent) {
    const found = await this.#find(content);
    return found === null ? null : { sizeBytes: found.sizeBytes };
  }

  async openResult(content: ResultContent, range?: ByteRange) {
    const opened = await this.#objects.open(resultKey(content), range);
    if (opened !== null) return opened;
    const found = await this.#find(content);
    return found === null ? null : await this.#objects.open(found.key, range);
  }

  async deleteResult(resultId: string) {
    const keys = await this.#keysUnder(resultPrefix(resultId));
    if (keys.length > 0) await this.#objects.delete(keys);
    return (await this.#removeIncoming(resultId)) || keys.length > 0;
  }

  deleteContent = async (content: ResultContent) => await this.#objects.delete([resultKey(content)]);

  /**
   * By the store's clock, because nodes with other clocks must not sweep what another node has just
   * received.
   */
  sweepPartials = async (olderThanMs: number, _nowMs: number) => await sweepIncoming(this.#objects, olderThanMs);

  async directLink(content: ResultContent, link: DirectLink): Promise<URL | null> {
    const found = await this.#find(content);
    return found === null ? null : await this.#objects.directLink(found.key, link);
  }

  /**
   * Running compositions stop at their next part. The device asks again, and any node can complete.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new BlobStoreUnavailableError("this node is stopping"));
    await Promise.allSettled(this.#completions.values());
    await this.#objects[Symbol.asyncDispose]();
  }

  /** The object of a content. It has its own key, or the key that an earlier version gave it. */
  async #find(content: ResultContent): Promise<{ key: string; sizeBytes: number } | null> {
    const key = resultKey(content);
    const head = await this.#objects.head(key);
    if (head !== null) return { key, sizeBytes: head.sizeBytes };
    const earlierKey = resultPrefix(content.resultId);
    const earlier = await this.#objects.head(earlierKey);
    return earlier?.sha256 === content.sha256 ? { key: earlierKey, sizeBytes: earlier.sizeBytes } : null;
  }

  async #keysUnder(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.#objects.list(prefix)) keys.push(key);
    return keys;
  }

  /** The first content that was stored under each number. */
  async #partsUnder(prefix: string): Promise<Map<number, IncomingPart>> {
    const parts = new Map<number, IncomingPart>();
    for await (const { key, sizeBytes } of this.#objects.list(prefix)) {
      const found = parseIncomingKey(key);
      // Its size differs from the size in its name, so this server did not store it.
      if (found === null || found.stored.sizeBytes !== sizeBytes || parts.has(found.part)) continue;
      parts.set(found.part, found.stored);
    }
    return parts;
  }

  async #removeIncoming(resultId: string): Promise<boolean> {
    const keys = await this.#keysUnder(uploadPrefix(resultId));
    if (keys.length > 0) await this.#objects.delete(keys);
    return keys.length > 0;
  }
}

function checkedLibraryKey(sha256: string): string {
  if (!SHA256.test(sha256)) throw new TypeError("not a SHA-256");
  return libraryKey(sha256);
}
