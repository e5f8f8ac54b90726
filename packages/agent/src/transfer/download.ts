/**
 * Downloads a library file into an open file. It resumes after a broken connection and verifies the
 * content while it is written.
 */
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { type OrderFile, orderFilePath } from "@halligan/protocol/link";
import { reasonOf } from "../disk/errno.ts";
import { LIMITS } from "../limits.ts";
import type { HttpResponse } from "./http-exchange.ts";
import { releaseChunk } from "./release-buffer.ts";
import { RetryableError, requestOnce, ServerRefusedError, type TransferDeps, untilAnswered } from "./server-request.ts";
import { TransferFailedError, type TransferWatch } from "./transfer-watch.ts";

const PARTIAL_CONTENT = 206;
const UNAUTHORIZED = 401;
const RANGE_NOT_SATISFIABLE = 416;

/**
 * What came is not what was promised, though nothing broke: only from its beginning it can become
 * right.
 */
class ContentDiffersError extends Error {
  override name = "ContentDiffersError";
  /** A server that answered a range wrongly is asked for the whole from then on. */
  readonly isByRange: boolean;
  constructor(message: string, isByRange = false) {
    super(message);
    this.isByRange = isByRange;
  }
}

/**
 * Resolves when the file holds exactly the pinned bytes. Rejects with TransferFailedError for
 * people.
 * @param handle an empty file
 */
export async function download(
  deps: TransferDeps,
  actionId: string,
  file: OrderFile,
  handle: FileHandle,
  watch: TransferWatch,
): Promise<void> {
  let why = "";
  let mayResume = true;
  for (let restart = 0; restart < deps.settings.downloadRestarts; restart++) {
    try {
      if (restart > 0) await handle.truncate(0);
      await fetchInto(deps, orderFilePath(actionId, file.sha256), file, handle, watch, mayResume);
      if ((await sha256Of(handle, file.sizeBytes)) === file.sha256) return;
      why = "its SHA-256 differs";
    } catch (error) {
      if (!(error instanceof ContentDiffersError)) throw error;
      why = error.message;
      if (error.isByRange) mayResume = false;
    }
    deps.log.warn("downloadDiffers", { actionId, sha256: file.sha256, why });
  }
  throw new TransferFailedError(`The received library file is not the ordered one: ${why}.`);
}

async function fetchInto(
  deps: TransferDeps,
  path: string,
  file: OrderFile,
  handle: FileHandle,
  watch: TransferWatch,
  mayResume: boolean,
): Promise<void> {
  let haveBytes = 0;
  let differs: ContentDiffersError | null = null;
  await untilAnswered(deps, watch, async (ticket, signal) => {
    if (!mayResume) haveBytes = 0;
    const headers: Record<string, string> = haveBytes > 0 ? { range: `bytes=${haveBytes}-` } : {};
    let isComplete = false;
    try {
      const answer = await requestFile(deps, path, ticket, headers, signal);
      const from = startOf(answer, haveBytes, file.sizeBytes);
      haveBytes = from;
      for await (const chunk of answer.body) {
        if (haveBytes + chunk.length > file.sizeBytes)
          throw new ContentDiffersError("the server sent more than it has");
        await writeAll(handle, chunk, haveBytes);
        const received = chunk.length;
        haveBytes += received;
        releaseChunk(chunk);
        watch.moved();
        // While this waits, nothing is read, and the network slows the server.
        if (deps.bandwidth) await deps.bandwidth.download.take(received, signal);
      }
      const statedBytes = answer.headers["content-length"];
      isComplete = statedBytes === undefined ? answer.body.complete : Number(statedBytes) === haveBytes - from;
    } catch (error) {
      if (!(error instanceof ContentDiffersError)) throw error;
      differs = error;
      return;
    }
    if (haveBytes === file.sizeBytes) return;
    // An answer that came to its own end has no more to give; one that broke off, which not every
    // runtime tells, goes on.
    if (!isComplete) throw new RetryableError("The download of the library file broke off.");
    differs = new ContentDiffersError("the server sent less than it has");
  });
  if (differs) throw differs;
}

/**
 * The offset of the response's first byte. Rejects a response that is neither the whole file nor
 * the requested range.
 */
function startOf(answer: HttpResponse, askedFrom: number, sizeBytes: number): number {
  if (answer.status !== PARTIAL_CONTENT) return 0;
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.headers["content-range"] ?? "") ?? [];
  const isAsked = askedFrom > 0 && Number(from) === askedFrom && Number(to) === sizeBytes - 1;
  if (isAsked && (total === "*" || Number(total) === sizeBytes)) return askedFrom;
  answer.body.destroy();
  throw new ContentDiffersError("the server sent another part of it than was asked for", true);
}

async function requestFile(
  deps: TransferDeps,
  path: string,
  ticket: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<HttpResponse> {
  try {
    return await requestOnce(deps, path, ticket, { method: "GET", headers }, signal);
  } catch (error) {
    if (!(error instanceof ServerRefusedError) || error.status === UNAUTHORIZED) throw error;
    if (error.status === RANGE_NOT_SATISFIABLE)
      throw new ContentDiffersError("the server has less of it than was ordered", true);
    throw new TransferFailedError(`The library file could not be fetched: ${error.message}`);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) {
      at += (await handle.write(chunk, at, chunk.length - at, position + at)).bytesWritten;
    }
  } catch (error) {
    throw new TransferFailedError(`The library file could not be written: ${reasonOf(error)}.`, { cause: error });
  }
}

/**
 * SHA-256 of the open file's content, null when its size differs. It reads the open file, because
 * the name could point to another file.
 */
export async function sha256Of(handle: FileHandle, sizeBytes: number): Promise<string | null> {
  const hash = createHash("sha256");
  const block = new Uint8Array(Math.min(LIMITS.readBlockBytes, sizeBytes + 1));
  let at = 0;
  while (at <= sizeBytes) {
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    if (bytesRead === 0) break;
    hash.update(block.subarray(0, bytesRead));
    at += bytesRead;
  }
  return at === sizeBytes ? hash.digest("hex") : null;
}
