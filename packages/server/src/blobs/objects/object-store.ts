import type { Readable } from "node:stream";
import type { ByteRange, DirectLink, OpenBlob } from "../blob-store.ts";

/**
 * The little of an object store that blobs need, in words that S3 and Azure share. Keys are ours,
 * without the location's prefix. An object appears whole or not at all, and a read after a write
 * sees it. What fails throws: {@link ObjectStoreFullError} when the store has no room,
 * `BlobStoreUnavailableError` otherwise; a missing object is null.
 */
export interface ObjectStore extends AsyncDisposable {
  /** Number of pieces that {@link ObjectStore.beginWhole} accepts. */
  readonly maxPieces: number;
  head(key: string): Promise<ObjectHead | null>;
  /** `range` beyond the content throws RangeError. */
  open(key: string, range?: ByteRange): Promise<OpenBlob | null>;
  /**
   * Reads a small object, or the first `target.length` bytes of one, into memory that the caller
   * owns. Returns the number of bytes.
   */
  readInto(key: string, target: Buffer): Promise<Buffer | null>;
  /**
   * Stores exactly `sizeBytes` (more than none) of `body`. If `signal` aborts before the last byte,
   * nothing is stored. Never retried, because the body has been consumed.
   */
  putStream(key: string, body: Readable, announced: Announced, signal: AbortSignal): Promise<void>;
  putBytes(key: string, bytes: Buffer, sha256: string): Promise<void>;
  /**
   * An object of numbered pieces that appears when it is finished. Two writers of one key do not
   * disturb each other.
   */
  beginWhole(key: string, sha256: string): Promise<WholeWriter>;
  /** Objects sorted by their keys. */
  list(prefix: string): AsyncIterable<ListedObject>;
  delete(keys: readonly string[]): Promise<void>;
  /**
   * The store's clock. {@link ListedObject.modifiedAtMs} is compared with it and not with this
   * server's clock.
   */
  nowMs(): Promise<number>;
  /**
   * Aborts what {@link ObjectStore.beginWhole} began before `beforeMs` of the store's clock and a
   * crash left unfinished.
   */
  abandonWholes(beforeMs: number): Promise<void>;
  directLink(key: string, link: DirectLink): Promise<URL | null>;
}

export interface ObjectHead {
  readonly sizeBytes: number;
  /**
   * The SHA-256 that the object was stored with; null for an object that this server did not store.
   */
  readonly sha256: string | null;
}

export interface Announced {
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export interface WholeWriter {
  /**
   * Numbers from 0, each once, several at a time. The caller may reuse `bytes` when the promise has
   * resolved.
   */
  write(piece: number, bytes: Buffer): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** The account's or the bucket's quota is used up. */
export class ObjectStoreFullError extends Error {
  override readonly name = "ObjectStoreFullError";
}
