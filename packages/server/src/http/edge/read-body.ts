import type { IncomingMessage } from "node:http";
import type { HttpRequest } from "./http-request.ts";
import { httpError, invalidBody, RequestRefusedError } from "./http-response.ts";
import type { BodyOwner } from "./unfinished-bodies.ts";

/** The client disconnected; no response can be sent. */
export class ClientDisconnectedError extends Error {
  constructor() {
    super("the client disconnected");
    this.name = "ClientDisconnectedError";
  }
}

/** Smallest mean size, in bytes, of the chunks of a body that has many. */
const MIN_PIECE_BYTES = 64;
const MANY_PIECES = 1_024;

/**
 * Reads a whole body of at most `limitBytes`. Throws RequestRefusedError when it is longer,
 * encoded, takes longer than the limit on time (a body that drips in is what a slow-loris attack
 * is), or its owner has too many unfinished ones; ClientDisconnectedError when it breaks off. What
 * is not read is left for `drain-body.ts`.
 */
export async function readBody(
  { raw, limits, invite, unfinishedBodies }: HttpRequest,
  owner: BodyOwner,
  limitBytes: number,
): Promise<Buffer> {
  refuseEncoded(raw);
  const tooLarge = () => invalidBody(`Request body is larger than the limit of ${limitBytes} bytes`);
  if (Number(raw.headers["content-length"] ?? 0) > limitBytes) throw tooLarge();
  invite();
  return await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let countedBytes = 0;
    const stop = () => {
      clearTimeout(timer);
      raw.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      raw.pause();
      unfinishedBodies.release(owner, countedBytes);
    };
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      const refusal = unfinishedBodies.add(owner, chunk.length);
      if (refusal !== null) {
        stop();
        reject(new RequestRefusedError(refusal));
        return;
      }
      countedBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes > limitBytes) {
        stop();
        reject(tooLarge());
      } else if (chunks.length > MANY_PIECES && sizeBytes < chunks.length * MIN_PIECE_BYTES) {
        // Each piece costs a buffer of its own: a MiB in chunks of one byte takes 100 MiB and a
        // second.
        stop();
        reject(invalidBody("Request body is incorrect: its chunks are too small"));
      }
    };
    const onEnd = () => {
      stop();
      resolve(Buffer.concat(chunks, sizeBytes));
    };
    const onGone = () => {
      stop();
      reject(new ClientDisconnectedError());
    };
    const timer = setTimeout(() => {
      stop();
      const message = "The request body did not arrive in time";
      reject(new RequestRefusedError(httpError(408, "BadRequest", message, { connection: "close" })));
    }, limits.bodyTimeoutMs);
    raw.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
  });
}

/** Called for every kind of body. Stored bytes would differ from those that the client means. */
export function refuseEncoded({ headers }: IncomingMessage): void {
  const encoding = headers["content-encoding"];
  if (encoding === undefined || encoding.toLowerCase() === "identity") return;
  throw invalidBody("Request body is incorrect: a Content-Encoding is not accepted");
}

/** UTF-8, strictly; a byte order mark is dropped. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalidBody("Request body is incorrect: it is not valid UTF-8");
  }
}

/** Whether the request announces a body at all. */
export const announcesBody = (raw: IncomingMessage): boolean =>
  raw.headers["transfer-encoding"] !== undefined || Number(raw.headers["content-length"] ?? 0) > 0;
