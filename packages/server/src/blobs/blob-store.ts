import type { Readable } from "node:stream";

/**
 * Where bytes live. Two namespaces: the library, addressed by the SHA-256 of the content, and results, under random ids that the server
 * makes. Nothing a device or a client sent is ever part of a path: ids are checked against {@link SHA256} and {@link RESULT_ID}, and a
 * wrong one throws, because it means that the caller did not look it up (threats 1.1 and 1.2).
 *
 * Everything answered as stored is durable: file and folder are synced, or an object store has answered. Errors of the disk other than
 * a full one throw; an object store that does not do its work throws {@link BlobStoreUnavailable}.
 */
export interface BlobStore {
  /** Longest result that this store can hold; a part beyond it is a PartMismatch that says so. Absent: {@link MAX_PARTS} parts. */
  readonly maxResultBytes?: number;
  /**
   * Stores library content, hashing on the way. The same content twice is fine. When `body` throws or `signal` aborts, so does this,
   * and nothing is left behind. Zero bytes are content too.
   */
  putLibrary(body: AsyncIterable<Uint8Array>, options: PutLibraryOptions): Promise<PutLibraryAnswer>;
  openLibrary(sha256: string, range?: ByteRange): Promise<OpenBlob | null>;
  statLibrary(sha256: string): Promise<{ readonly sizeBytes: number } | null>;
  /** True when there was such content. Open streams keep reading to their end. */
  deleteLibrary(sha256: string): Promise<boolean>;

  /**
   * Stores one part of a result that is being uploaded, at offset `part * PART_BYTES`. Parts may come in any order, at the same time, and
   * again: one that is stored is answered without reading `body`. When `body` throws, so does this, and the part is as if never sent.
   */
  putResultPart(part: ResultPart): Promise<PutPartAnswer>;
  /** Makes the parts one immutable result, once the SHA-256 of the whole agrees. Repeating it is fine. */
  completeResult(whole: WholeResult): Promise<CompleteAnswer>;
  statResult(resultId: string): Promise<{ readonly sizeBytes: number } | null>;
  /** `range` must lie within the content; a start beyond it throws RangeError. Destroy the stream when it is not read to its end. */
  openResult(resultId: string, range?: ByteRange): Promise<OpenBlob | null>;
  /** Removes a result, complete or not. True when there was anything. Open streams keep reading to their end. */
  deleteResult(resultId: string): Promise<boolean>;
  /** Removes unfinished uploads to which nothing was added since `nowMs - olderThanMs`. Answers their number. */
  sweepPartials(olderThanMs: number, nowMs: number): Promise<number>;

  /**
   * A signed URL by which anyone may read a complete result from the object store itself until it expires; null when there is no such
   * result, the time is over, or the credentials cannot sign. Absent where the bytes have no address of their own: on disk.
   */
  directLink?(resultId: string, link: DirectLink): Promise<URL | null>;
}

export interface DirectLink {
  /** As the download shall be called, `.gz` included; percent-encoded for the header here. */
  readonly fileName: string;
  readonly contentType: string;
  readonly expiresAtMs: number;
}

/** The object store cannot be reached, is overloaded or refuses us: nothing is wrong with what was asked, and asking again later helps. */
export class BlobStoreUnavailable extends Error {
  override readonly name = "BlobStoreUnavailable";
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
  /** Of the whole content, also when a range was asked for. */
  readonly sizeBytes: number;
  readonly stream: Readable;
  /** Takes back a chunk of `stream` that nobody needs any more, to use its memory again. Whoever keeps chunks does not call it. */
  readonly recycle?: (chunk: Uint8Array) => void;
}

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
  readonly body: AsyncIterable<Uint8Array>;
  /** At most PART_BYTES; exactly that for all parts but the last, which `completeResult` checks. */
  readonly sizeBytes: number;
  /** Of this part, as its sender says. */
  readonly sha256: string;
}

/** 8 TiB in parts of 8 MiB: the protocol's bound on `partCount`. */
export const MAX_PARTS = 1_000_000;

export type PutPartAnswer =
  | { readonly code: "stored" }
  /** Size or SHA-256 are not those announced, or another content is stored already as this part. */
  | { readonly code: "PartMismatch"; readonly detail: string }
  | { readonly code: "InsufficientStorage" };

export interface WholeResult {
  readonly resultId: string;
  readonly partCount: number;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export type CompleteAnswer =
  | { readonly code: "complete" }
  /** The first missing parts, at most 100. */
  | { readonly code: "UploadIncomplete"; readonly missingParts: readonly number[] }
  | { readonly code: "UploadMismatch"; readonly detail: string }
  | { readonly code: "InsufficientStorage" };
