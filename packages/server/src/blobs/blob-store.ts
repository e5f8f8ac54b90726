import type { Readable } from "node:stream";

/**
 * Where bytes are kept. There are two namespaces: the library, addressed by the SHA-256 of the
 * content, and results, under random ids that the server creates. No text from a device or client
 * is ever part of a path: ids are checked against {@link SHA256} and {@link RESULT_ID}, and a wrong
 * one throws, because the caller did not look it up (threats 1.1 and 1.2).
 *
 * Everything answered as stored is durable: file and folder are synced, or an object store has
 * answered. Errors of the disk other than a full one throw; an object store that does not do its
 * work throws {@link BlobStoreUnavailableError}.
 */
export interface BlobStore {
  /**
   * Longest result that this store can hold; a part beyond it is a PartMismatch that says so.
   * Absent: {@link MAX_PARTS} parts.
   */
  readonly maxResultBytes?: number;
  /**
   * Stores library content and hashes it on the way. The same content may be stored twice. If
   * `body` throws or `signal` aborts, so does this, and nothing is left behind. Content may have
   * zero bytes.
   */
  putLibrary(body: AsyncIterable<Uint8Array>, options: PutLibraryOptions): Promise<PutLibraryAnswer>;
  openLibrary(sha256: string, range?: ByteRange): Promise<OpenBlob | null>;
  statLibrary(sha256: string): Promise<{ readonly sizeBytes: number } | null>;
  /** True when there was such content. Open streams continue to their end. */
  deleteLibrary(sha256: string): Promise<boolean>;

  /**
   * Stores one part of a result that is being uploaded, at offset `part * PART_BYTES`. Parts may
   * come in any sequence, at the same time, and repeatedly. If a part is stored already, `body` is
   * not read. If `body` throws, so does this, and the part counts as never sent.
   */
  putResultPart(part: ResultPart): Promise<PutPartAnswer>;
  /**
   * Combines the parts into one immutable content if the SHA-256 of all bytes agrees. May be
   * repeated. An id whose content is complete takes no other one. Only nodes that complete two
   * contents of one id at the same moment may both get `complete`. Then the row in the database
   * decides, and the caller removes the other content with {@link BlobStore.deleteContent}.
   */
  completeResult(whole: WholeResult): Promise<CompleteAnswer>;
  statResult(content: ResultContent): Promise<{ readonly sizeBytes: number } | null>;
  /**
   * `range` must lie within the content; a start beyond it throws RangeError. Destroy the stream if
   * it is not read to its end.
   */
  openResult(content: ResultContent, range?: ByteRange): Promise<OpenBlob | null>;
  /**
   * Reads a result while it is uploaded, from `fromBytes` on. Resolves when there is such a byte,
   * or the upload is complete with exactly `fromBytes` bytes; null when the upload was removed, is
   * shorter, or `signal` aborted first. The stream has each part once it is durable. It ends only
   * after the completion, and fails when the upload is removed before. Destroy it if it is not read
   * to its end. Absent for a store whose parts cannot be read: object storage.
   */
  followResult?(resultId: string, fromBytes: number, signal: AbortSignal): Promise<FollowedBlob | null>;
  /**
   * Removes a result with all its contents, complete or not. True when there was one. Open streams
   * continue to their end.
   */
  deleteResult(resultId: string): Promise<boolean>;
  /**
   * Removes one content and leaves the other one of the same id. Absent for a store in which an id
   * never has two: on disk.
   */
  deleteContent?(content: ResultContent): Promise<void>;
  /**
   * Removes unfinished uploads to which nothing was added since `nowMs - olderThanMs`. Returns
   * their number.
   */
  sweepPartials(olderThanMs: number, nowMs: number): Promise<number>;

  /**
   * A signed URL with which a complete result can be read from the object store itself until the
   * URL expires. Null when there is no such result, the time is over, or the credentials cannot
   * sign. Absent for a store without URLs: on disk.
   */
  directLink?(content: ResultContent, link: DirectLink): Promise<URL | null>;
}

export interface DirectLink {
  /** File name of the download, including `.gz`. Percent-encoded for the header here. */
  readonly fileName: string;
  readonly contentType: string;
  readonly expiresAtMs: number;
}

/**
 * The object store cannot be reached, is overloaded or refuses us: nothing is wrong with what was
 * asked, and asking again later helps.
 */
export class BlobStoreUnavailableError extends Error {
  override readonly name = "BlobStoreUnavailableError";
}

/** 64 hex digits in lower case. */
export const SHA256 = /^[0-9a-f]{64}$/;
/** 64 hex digits in lower case: 256 random bits made by the server. */
export const RESULT_ID = /^[0-9a-f]{64}$/;

/** Offsets of the first and the last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface OpenBlob {
  /** Size of the whole content, also if a range was requested. */
  readonly sizeBytes: number;
  readonly stream: Readable;
  /**
   * Takes back a chunk of `stream` that is no longer used, to reuse its memory. A caller that keeps
   * chunks does not call it.
   */
  readonly recycle?: (chunk: Uint8Array) => void;
}

/** The size is not known before the end. */
export type FollowedBlob = Omit<OpenBlob, "sizeBytes">;

export interface PutLibraryOptions {
  readonly limitBytes: number;
  readonly signal?: AbortSignal;
}

export type PutLibraryAnswer =
  | { readonly code: "stored"; readonly sha256: string; readonly sizeBytes: number }
  | { readonly code: "TooLarge"; readonly limitBytes: number }
  | { readonly code: "InsufficientStorage" };

export interface ResultPart {
  readonly resultId: string;
  /** From 0 to {@link MAX_PARTS} - 1. */
  readonly part: number;
  /** Its chunks keep their content until the call has ended: several are written at a time. */
  readonly body: AsyncIterable<Uint8Array>;
  /** At most PART_BYTES; exactly that for all parts but the last, which `completeResult` checks. */
  readonly sizeBytes: number;
  /** SHA-256 of this part, as its sender states it. */
  readonly sha256: string;
}

/** 8 TiB in parts of 8 MiB: the protocol's bound on `partCount`. */
export const MAX_PARTS = 1_000_000;

export type PutPartAnswer =
  | { readonly code: "stored" }
  /**
   * Size or SHA-256 differ from the announced ones, or this part is stored with another content.
   */
  | { readonly code: "PartMismatch"; readonly detail: string }
  | { readonly code: "InsufficientStorage" };

/** A complete content, by the id under which it came and by what it is. */
export interface ResultContent {
  readonly resultId: string;
  readonly sha256: string;
}

export interface WholeResult extends ResultContent {
  readonly partCount: number;
  readonly sizeBytes: number;
}

export type CompleteAnswer =
  | { readonly code: "complete" }
  /** The first missing parts, at most 100. */
  | { readonly code: "UploadIncomplete"; readonly missingParts: readonly number[] }
  | { readonly code: "UploadMismatch"; readonly detail: string }
  | { readonly code: "InsufficientStorage" };
