import { Readable } from "node:stream";
import {
  BlobSASPermissions,
  type ContainerClient,
  generateBlobSASQueryParameters,
  SASProtocol,
  type StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { Random } from "../../auth/random.ts";
import { attachment } from "../../domain/results/content-disposition.ts";
import type { ByteRange, DirectLink, OpenBlob } from "../blob-store.ts";
import { fillBuffer } from "../objects/fill-buffer.ts";
import type { Announced, ListedObject, ObjectHead, ObjectStore, WholeWriter } from "../objects/object-store.ts";
import { openBlob, outside } from "../objects/range-answer.ts";
import { answerWithin, CALL_TIMEOUT_MS, STREAM_TIMEOUT_MS } from "../objects/timeouts.ts";
import { withRetries } from "../objects/with-retries.ts";
import { azureFault, isMissing, statusOf } from "./azure-fault.ts";
import { beginBlocks } from "./blocks.ts";

/** Azure's own limit. */
const MAX_PIECES = 50_000;
/** Deletions at a time. Azure has no bulk deletion that a SAS may use. */
const DELETING = 16;

export interface AzureTarget {
  /** Retries a failed request. */
  readonly container: ContainerClient;
  /** Tries once: for requests that carry a stream. */
  readonly once: ContainerClient;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
  /** Signs direct links; null when only a SAS was configured. */
  readonly key: StorageSharedKeyCredential | null;
  readonly random: Random;
  readonly nowMs: () => number;
}

export class AzureObjectStore implements ObjectStore {
  readonly maxPieces = MAX_PIECES;
  readonly #target: AzureTarget;

  constructor(target: AzureTarget) {
    this.#target = target;
  }

  #blob = (key: string) => this.#target.container.getBlockBlobClient(this.#target.prefix + key);

  async head(key: string): Promise<ObjectHead | null> {
    const answer = await this.#call((abortSignal) => orMissing(this.#blob(key).getProperties({ abortSignal })));
    if (answer === null) return null;
    return { sizeBytes: answer.contentLength ?? 0, sha256: answer.metadata?.sha256 ?? null };
  }

  async open(key: string, range?: ByteRange): Promise<OpenBlob | null> {
    const answer = await this.#call((signal) => this.#download(key, signal, range));
    return answer === null ? null : openBlob(answer.stream, answer.contentRange, answer.lengthBytes, range);
  }

  async #download(key: string, abortSignal: AbortSignal, range?: ByteRange) {
    if (range !== undefined && (range.start < 0 || range.end < range.start)) throw outside(range);
    const count = range && range.end - range.start + 1;
    try {
      const answer = await orMissing(
        this.#blob(key).download(range?.start, count, { abortSignal, maxRetryRequests: 2 }),
      );
      if (answer === null) return null;
      if (!(answer.readableStreamBody instanceof Readable)) throw new Error("the response of Azure has no body");
      const { readableStreamBody: stream, contentRange, contentLength = 0 } = answer;
      return { stream, contentRange, lengthBytes: contentLength };
    } catch (error) {
      throw range !== undefined && statusOf(error) === 416 ? outside(range) : error;
    }
  }

  readInto = async (key: string, target: Buffer): Promise<Buffer | null> =>
    await this.#call((signal) =>
      withRetries(async () => {
        const answer = await this.#download(key, signal);
        return answer === null ? null : await fillBuffer(answer.stream, target, signal);
      }),
    );

  async putStream(key: string, body: Readable, { sizeBytes, sha256 }: Announced, signal: AbortSignal): Promise<void> {
    const blob = this.#target.once.getBlockBlobClient(this.#target.prefix + key);
    await this.#call(
      (abortSignal) => blob.upload(() => body, sizeBytes, { abortSignal, metadata: { sha256 } }),
      STREAM_TIMEOUT_MS,
      signal,
    );
  }

  async putBytes(key: string, bytes: Buffer, sha256: string): Promise<void> {
    await this.#call((abortSignal) =>
      this.#blob(key).upload(bytes, bytes.length, { abortSignal, metadata: { sha256 } }),
    );
  }

  beginWhole = async (key: string, sha256: string): Promise<WholeWriter> =>
    beginBlocks(this.#blob(key), sha256, this.#target.random, (call) => this.#call(call));

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    let continuationToken: string | undefined;
    do {
      const page = await this.#page(prefix, continuationToken);
      for (const { name, properties } of page?.segment.blobItems ?? []) {
        yield {
          key: name.slice(this.#target.prefix.length),
          sizeBytes: properties.contentLength ?? 0,
          modifiedAtMs: properties.lastModified.getTime(),
        };
      }
      continuationToken = page?.continuationToken || undefined;
    } while (continuationToken !== undefined);
  }

  #page = async (prefix: string, continuationToken: string | undefined) =>
    await this.#call(async (abortSignal) => {
      const listing = this.#target.container.listBlobsFlat({ prefix: this.#target.prefix + prefix, abortSignal });
      const pages = listing.byPage(continuationToken === undefined ? {} : { continuationToken });
      const { value } = await pages.next();
      return value;
    });

  async delete(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETING) {
      await Promise.all(
        keys
          .slice(at, at + DELETING)
          .map((key) => this.#call((abortSignal) => orMissing(this.#blob(key).delete({ abortSignal })))),
      );
    }
  }

  /** From a list, because a SAS of a container may list it but not read its properties. */
  async nowMs(): Promise<number> {
    const page = await this.#page("probe/", undefined);
    if (page?.date === undefined) throw azureFault(new Error("an answer has no date"));
    return page.date.getTime();
  }

  /** Azure itself discards blocks that were not committed within a week, and has no call for it. */
  abandonWholes = (_beforeMs: number): Promise<void> => Promise.resolve();

  async directLink(key: string, { fileName, contentType, expiresAtMs }: DirectLink): Promise<URL | null> {
    if (this.#target.key === null || expiresAtMs <= this.#target.nowMs()) return null;
    const { containerName } = this.#target.container;
    const link = new URL(this.#blob(key).url);
    link.search = generateBlobSASQueryParameters(
      {
        containerName,
        blobName: this.#target.prefix + key,
        permissions: BlobSASPermissions.from({ read: true }),
        expiresOn: new Date(expiresAtMs),
        contentDisposition: attachment(fileName),
        contentType,
        ...(link.protocol === "https:" && { protocol: SASProtocol.Https }),
      },
      this.#target.key,
    ).toString();
    return link;
  }

  /**
   * The library keeps its connections in agents of the process. Idle connections do not keep the
   * process alive.
   */
  [Symbol.asyncDispose] = (): Promise<void> => Promise.resolve();

  async #call<T>(
    call: (signal: AbortSignal) => Promise<T>,
    timeoutMs: number = CALL_TIMEOUT_MS,
    outer?: AbortSignal,
  ): Promise<T> {
    try {
      return await answerWithin(timeoutMs, call, outer);
    } catch (error) {
      throw azureFault(error);
    }
  }
}

async function orMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
