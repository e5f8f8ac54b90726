import { createHash } from "node:crypto";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { accountOf, type Caller } from "../../auth/caller.ts";
import { putWhole } from "../../blobs/put-whole.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { StoreTx } from "../../store/store.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { noteStorageRefusal } from "../results/note-transfer-refusal.ts";

/** Limit of staged contents of one account that no action keeps. */
const MAX_UNUSED = 1_000;

export interface ContentUpload {
  /** SHA-256 and size as the caller declares them. */
  sha256: string;
  sizeBytes: number;
  body: AsyncIterable<Uint8Array>;
  signal: AbortSignal;
}

export interface Staged {
  sha256: string;
  sizeBytes: number;
  expiresAtMs: number;
}

/**
 * `PUT /halligan/v1/content/{sha256}`: bytes for actions of this caller. A row is written before
 * the first byte, so that the blob store never has bytes without a row. If the content exists
 * already, the upload is received and checked but not stored.
 */
export async function stageContent(
  context: ServiceContext,
  caller: Caller,
  upload: ContentUpload,
): Promise<Result<Staged, DomainError>> {
  const { store, blobs, ids, limits } = context;
  if (upload.sizeBytes > limits.libraryUploadLimitBytes) {
    return err({ code: "LibraryFileTooLarge", limitBytes: limits.libraryUploadLimitBytes });
  }
  const id = Buffer.from(ids.random(32)).toString("hex");
  const begun = await begin(context, caller, id, upload);
  if (!begun.ok) return begun;
  if (begun.value === "isThere") {
    const fault = await differenceOf(upload);
    if (fault !== null) return err({ code: "ContentMismatch", detail: fault });
    return finish(context, caller, null, upload);
  }
  let isKept = false;
  try {
    const { sha256, sizeBytes, body, signal } = upload;
    const stored = await putWhole(blobs, { id, sha256, sizeBytes, body, signal });
    if (stored.code === "Mismatch") return err({ code: "ContentMismatch", detail: stored.detail });
    if (stored.code === "InsufficientStorage") noteStorageRefusal(context, stored.code, sizeBytes, { sha256 });
    if (stored.code !== "stored") return err(stored);
    const finished = await finish(context, caller, id, upload);
    isKept = finished.ok && finished.value.id === id;
    return finished;
  } finally {
    // An in-doubt commit may have been made, and an action may have used the content since. In that
    // case the row says so.
    if (!isKept && (await store.write((tx) => tx.stagedContents.markAbandoned(id)))) {
      await blobs.deleteResult(id);
      await store.write((tx) => tx.stagedContents.remove(id));
    }
  }
}

function begin(
  { store, clock, limits }: ServiceContext,
  caller: Caller,
  id: string,
  { sha256, sizeBytes }: ContentUpload,
): Promise<Result<"isThere" | "begun", DomainError>> {
  return store.write(async (tx): Promise<Result<"isThere" | "begun", DomainError>> => {
    const nowMs = clock.nowMs();
    const present = await tx.stagedContents.find(caller.id, sha256);
    if (present) {
      await tx.stagedContents.prolong(present.id, nowMs + limits.stagedContentLifetimeMs);
      return ok("isThere");
    }
    const unused = await tx.stagedContents.unusedOf(accountOf(caller));
    if (unused.count >= MAX_UNUSED || unused.sizeBytes + sizeBytes > limits.stagedContentLimitBytes) {
      return err({
        code: "StagedContentLimit",
        limitBytes: limits.stagedContentLimitBytes,
        limitCount: MAX_UNUSED,
      });
    }
    const expiresAtMs = nowMs + limits.uploadLeftoverMs;
    await tx.stagedContents.insertUpload({ id, ownerId: caller.id, sha256, sizeBytes, expiresAtMs });
    return ok("begun");
  });
}

/**
 * `id`: that of the content stored now; null when it existed before. If one content is uploaded
 * twice at the same time, one of the two is kept.
 */
function finish(
  { store, clock, limits }: ServiceContext,
  caller: Caller,
  id: string | null,
  { sha256, sizeBytes }: ContentUpload,
): Promise<Result<Staged & { id: string }, DomainError>> {
  return store.write(async (tx): Promise<Result<Staged & { id: string }, DomainError>> => {
    const nowMs = clock.nowMs();
    const expiresAtMs = nowMs + limits.stagedContentLifetimeMs;
    const kept = await keep(tx, caller, id, sha256, expiresAtMs);
    if (kept === null) return err({ code: "StagedContentNotFound", sha256 });
    if (kept === id) await auditChange(tx, caller, "StageContent", nowMs, { sha256, sizeBytes });
    return ok({ id: kept, sha256, sizeBytes, expiresAtMs });
  });
}

/**
 * The id of the content that the caller has from now on. Null when it was abandoned meanwhile, for
 * example after a very long upload.
 */
async function keep(
  tx: StoreTx,
  caller: Caller,
  id: string | null,
  sha256: string,
  expiresAtMs: number,
): Promise<string | null> {
  const present = await tx.stagedContents.find(caller.id, sha256);
  if (present) {
    await tx.stagedContents.prolong(present.id, expiresAtMs);
    return present.id;
  }
  if (id === null) return null;
  return (await tx.stagedContents.finishUpload(id, expiresAtMs)) ? id : null;
}

async function differenceOf({ sha256, sizeBytes, body, signal }: ContentUpload): Promise<string | null> {
  const hash = createHash("sha256");
  let receivedBytes = 0;
  for await (const chunk of body) {
    signal.throwIfAborted();
    receivedBytes += chunk.length;
    if (receivedBytes > sizeBytes) break;
    hash.update(chunk);
  }
  if (receivedBytes === sizeBytes && hash.digest("hex") === sha256) return null;
  return `the content that arrived has another SHA-256 than ${sha256}`;
}
