import { createHash } from "node:crypto";
import { PART_BYTES } from "@halligan/protocol/link";
import type { BlobStore } from "./blob-store.ts";
import { rechunk } from "./rechunk.ts";
import { Semaphore } from "./semaphore.ts";

/**
 * Concurrent uploads. Each holds at most one piece of {@link PART_BYTES}; further ones and their
 * senders wait.
 */
const MAX_AT_A_TIME = 8;
const semaphore = new Semaphore(MAX_AT_A_TIME);

export interface Whole {
  /** Random, created by the server. */
  readonly id: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly signal: AbortSignal;
}

export type PutWholeAnswer =
  | { readonly code: "stored" }
  | { readonly code: "Mismatch"; readonly detail: string }
  | { readonly code: "InsufficientStorage" };

/**
 * Stores bytes that arrive in one stream as an immutable blob under a random id. Uses the parts of
 * results, because every store supports them, checks their joint SHA-256 and sweeps interrupted
 * uploads. If `body` throws or `signal` aborts, so does this.
 */
export function putWhole(blobs: BlobStore, whole: Whole): Promise<PutWholeAnswer> {
  return semaphore.run(() => putParts(blobs, whole), whole.signal);
}

async function putParts(blobs: BlobStore, { id, body, sizeBytes, sha256, signal }: Whole): Promise<PutWholeAnswer> {
  let partCount = 0;
  let receivedBytes = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      signal.throwIfAborted();
      receivedBytes += chunk.length;
      if (receivedBytes > sizeBytes) return;
      yield chunk;
    }
    signal.throwIfAborted();
  }
  for await (const chunk of rechunk(measured(), PART_BYTES)) {
    const part = {
      resultId: id,
      part: partCount,
      sizeBytes: chunk.length,
      sha256: createHash("sha256").update(chunk).digest("hex"),
      body: one(chunk),
    };
    const stored = await blobs.putResultPart(part);
    if (stored.code === "InsufficientStorage") return stored;
    if (stored.code === "PartMismatch") return { code: "Mismatch", detail: stored.detail };
    partCount += 1;
  }
  if (receivedBytes !== sizeBytes) {
    const received = receivedBytes > sizeBytes ? "more" : String(receivedBytes);
    return { code: "Mismatch", detail: `the content has ${received} bytes, and ${sizeBytes} were announced` };
  }
  const completed = await blobs.completeResult({ resultId: id, partCount, sizeBytes, sha256 });
  if (completed.code === "complete" || completed.code === "InsufficientStorage") {
    return completed.code === "complete" ? { code: "stored" } : completed;
  }
  return { code: "Mismatch", detail: `the content that arrived has another SHA-256 than ${sha256}` };
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
