/**
 * Uploads a result as numbered parts. One part travels while the next one is made, so two buffers
 * are all the memory.
 */
import { createHash, type Hash } from "node:crypto";
import { PART_BYTES, PART_SHA256_HEADER, resultCompletePath, resultPartPath } from "@halligan/protocol/link";
import { LIMITS } from "../limits.ts";
import type { HttpResponse } from "./http-exchange.ts";
import { readBoundedText } from "./response-body.ts";
import { RetryableError, requestOnce, ServerRefusedError, type TransferDeps, untilAnswered } from "./server-request.ts";
import { TransferFailedError, type TransferWatch } from "./transfer-watch.ts";

export interface Upload {
  kind: "uploaded";
  uploadId: string;
  sizeBytes: number;
  sha256: string;
}

interface Target {
  actionId: string;
  index: number;
}

const BAD_REQUEST = 400;
const CONFLICT = 409;

/**
 * Resolves when the server has all of it durably. Rejects with ServerRefusedError when it does not
 * want it (410), with TransferFailedError when a limit is passed. When the server finds a whole
 * that differs from what was sent, everything is sent again under a new id: `makeChunks` is called
 * again.
 */
export async function upload(
  deps: TransferDeps,
  target: Target,
  makeChunks: () => AsyncIterable<Uint8Array>,
  watch: TransferWatch,
): Promise<Upload> {
  for (let restart = 0; ; restart++) {
    try {
      return await uploadOnce(deps, target, makeChunks(), watch);
    } catch (error) {
      if (!(error instanceof ServerRefusedError) || error.status !== CONFLICT) throw error;
      if (restart >= deps.settings.uploadRestarts) {
        throw new TransferFailedError(`The server kept finding the result incomplete: ${error.message}`);
      }
    }
  }
}

async function uploadOnce(
  deps: TransferDeps,
  target: Target,
  chunks: AsyncIterable<Uint8Array>,
  watch: TransferWatch,
): Promise<Upload> {
  const uploadId = deps.random.id();
  const whole = createHash("sha256");
  let sizeBytes = 0;
  let partCount = 0;
  let inFlight: Promise<void> = Promise.resolve();
  let spare: Buffer<ArrayBuffer> | null = null;
  let part = Buffer.allocUnsafeSlow(PART_BYTES);
  let partHash: Hash = createHash("sha256");
  let filled = 0;

  const sendPart = async () => {
    await inFlight;
    const [bytes, sha256, number] = [part.subarray(0, filled), partHash.digest("hex"), partCount++];
    inFlight = putPart(deps, resultPartPath(target.actionId, target.index, uploadId, number), bytes, sha256, watch);
    // It is awaited before the next part is sent. Until then, a listener handles its failure.
    inFlight.catch(() => undefined);
    [part, spare] = [spare ?? Buffer.allocUnsafeSlow(PART_BYTES), part];
    partHash = createHash("sha256");
    filled = 0;
  };

  for await (const chunk of chunks) {
    watch.signal.throwIfAborted();
    whole.update(chunk);
    sizeBytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + PART_BYTES - filled);
      part.set(piece, filled);
      partHash.update(piece);
      filled += piece.length;
      at += piece.length;
      if (filled === PART_BYTES) await sendPart();
    }
  }
  if (filled > 0 || partCount === 0) await sendPart();
  await inFlight;
  const sha256 = whole.digest("hex");
  const body = Buffer.from(JSON.stringify({ partCount, sizeBytes, sha256 }));
  await untilAnswered(deps, watch, async (ticket, signal) => {
    const path = resultCompletePath(target.actionId, target.index, uploadId);
    const init = { method: "POST", body, headers: { "content-type": "application/json" } } as const;
    await finish(await requestOnce(deps, path, ticket, init, signal));
  });
  return { kind: "uploaded", uploadId, sizeBytes, sha256 };
}

async function putPart(
  deps: TransferDeps,
  path: string,
  bytes: Buffer<ArrayBuffer>,
  sha256: string,
  watch: TransferWatch,
): Promise<void> {
  const headers = { "content-type": "application/octet-stream", [PART_SHA256_HEADER]: sha256 };
  let refusals = 0;
  await untilAnswered(deps, watch, async (ticket, signal) => {
    const onProgress = () => watch.moved();
    const init = { method: "PUT", body: bytes, headers, onProgress, cap: deps.bandwidth?.upload } as const;
    try {
      await finish(await requestOnce(deps, path, ticket, init, signal));
    } catch (error) {
      // Bytes that were changed on the way are refused as a bad request (`PartMismatch`).
      const isBad = error instanceof ServerRefusedError && error.status === BAD_REQUEST;
      if (isBad && refusals++ < deps.settings.partRestarts) throw new RetryableError(error.message);
      throw error;
    }
  });
}

/** Reads the short response, so that the connection can be reused. */
async function finish(answer: HttpResponse): Promise<void> {
  await readBoundedText(answer, LIMITS.maxErrorBodyBytes);
}
