import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { TokenErrorWire } from "@halligan/protocol/api";
import { toJsonText } from "@halligan/protocol/text";
import {
  type BytesResponse,
  type ErrorResponse,
  type EventsResponse,
  errorBody,
  httpError,
  type LateJsonResponse,
} from "../http-response.ts";
import { ClientDisconnectedError } from "../read-body.ts";
import type { WrittenResponse } from "./json-text.ts";

/** A response that is to be written, and what decides about its form. */
export interface PendingResponse {
  readonly id: string;
  readonly raw: IncomingMessage;
  readonly rawResponse: ServerResponse;
  readonly errors?: "oauth" | undefined;
  /** The connection ends with this response. */
  readonly mustClose: boolean;
  /**
   * Waits between the response and the end of the connection. For a response whose request has
   * unread bytes.
   */
  readonly linger?: (() => Promise<void>) | undefined;
}

/**
 * Headers of every response. No response is a web page, so browsers must not load, frame or sniff
 * it. Responses contain data of devices, so caches must not store them.
 */
export const standardHeaders = (id: string): OutgoingHttpHeaders => ({
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-request-id": id,
});

/**
 * A token endpoint's refusal in OAuth's words (RFC 6749 section 5.2). Its operation refuses with
 * OAuth's codes, which are lower case; what the framework refuses has a code of the contract and
 * becomes the nearest of OAuth's.
 */
function oauthError({ status, code, message }: ErrorResponse): TokenErrorWire {
  const framework = status >= 500 ? "server_error" : status === 429 ? "temporarily_unavailable" : "invalid_request";
  return { error: /^[a-z_]+$/.test(code) ? code : framework, error_description: message };
}

/**
 * Writes any response. Resolves when its bytes are handed over, rejects when a stream broke; the
 * connection is then destroyed.
 */
export async function writeResponse(exchange: PendingResponse, response: WrittenResponse): Promise<void> {
  switch (response.kind) {
    case "bytes":
      return await writeBytes(exchange, response);
    case "lateJson":
      return await writeLateJson(exchange, response);
    case "events":
      return await writeEvents(exchange, response);
    case "empty":
      return await writeText(exchange, response.status, response.headers ?? {}, null);
    case "text": {
      const { status, headers, text, holdBody } = response;
      using _ = holdBody?.(Buffer.byteLength(text));
      return await writeText(exchange, status, headers ?? {}, text);
    }
    case "error": {
      const { status, code, message, headers } = response;
      const body = exchange.errors === "oauth" ? oauthError(response) : errorBody(code, message, exchange.id);
      return await writeText(exchange, status, headers ?? {}, toJsonText(body));
    }
  }
}

const connectionHeader = ({ mustClose }: PendingResponse): OutgoingHttpHeaders =>
  mustClose ? { connection: "close" } : {};

async function writeText(
  exchange: PendingResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  text: string | Buffer | null,
): Promise<void> {
  const { id, raw, rawResponse } = exchange;
  const content =
    text === null
      ? {}
      : { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(text) };
  rawResponse.writeHead(status, { ...standardHeaders(id), ...content, ...connectionHeader(exchange), ...headers });
  const body = raw.method === "HEAD" ? undefined : (text ?? undefined);
  if (exchange.linger === undefined && body instanceof Buffer) {
    await writeChunks(rawResponse, body);
    return;
  }
  if (exchange.linger === undefined || body === undefined) {
    rawResponse.end(body);
    return;
  }
  // Whole for the client by its length; the connection ends with `end`.
  rawResponse.write(body);
  await exchange.linger();
  rawResponse.end();
}

/** A client that does not read holds the bytes once, and not another time in its socket. */
const CHUNK_BYTES = 256 * 1024;

async function writeChunks(rawResponse: ServerResponse, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    await handOver(rawResponse, bytes.subarray(at, at + CHUNK_BYTES));
  }
  rawResponse.end();
}

async function writeBytes(exchange: PendingResponse, response: BytesResponse): Promise<void> {
  const { id, raw, rawResponse } = exchange;
  const isHead = raw.method === "HEAD";
  const blob = isHead ? null : await response.open();
  if (!isHead && blob === null)
    return await writeResponse(exchange, httpError(404, "ResourceNotFound", "The content is gone"));
  rawResponse.writeHead(response.status, {
    ...standardHeaders(id),
    ...response.headers,
    ...(response.lengthBytes !== null && { "content-length": response.lengthBytes }),
    ...connectionHeader(exchange),
  });
  if (blob === null) {
    rawResponse.end();
    return;
  }
  using watch = response.watch?.();
  // Also while the client does not read: the wait for it ends with the connection.
  watch?.signal.addEventListener("abort", () => rawResponse.destroy(), { once: true });
  // The stream may be waiting for bytes that still arrive.
  rawResponse.once("close", () => blob.stream.destroy());
  try {
    // Left early, the loop destroys the stream.
    const { stream } = blob;
    for await (const chunk of response.lengthBytes === null ? stream : exactly(response.lengthBytes, stream)) {
      await handOver(rawResponse, chunk);
      response.onChunk?.(chunk.length);
      blob.recycle?.(chunk);
    }
    rawResponse.end();
  } catch (error) {
    rawResponse.destroy();
    throw error;
  }
}

async function writeLateJson(exchange: PendingResponse, { status, headers, body }: LateJsonResponse): Promise<void> {
  const { id, raw, rawResponse } = exchange;
  rawResponse.writeHead(status, {
    ...standardHeaders(id),
    "content-type": "application/json; charset=utf-8",
    // A proxy that collects a whole buffer would hold the head back.
    "x-accel-buffering": "no",
    ...connectionHeader(exchange),
    ...headers,
  });
  if (raw.method === "HEAD") {
    rawResponse.end();
    return;
  }
  rawResponse.flushHeaders();
  try {
    rawResponse.end(toJsonText(await body()));
  } catch (error) {
    rawResponse.destroy();
    throw error;
  }
}

async function writeEvents(exchange: PendingResponse, { status, events }: EventsResponse): Promise<void> {
  const { id, raw, rawResponse } = exchange;
  rawResponse.writeHead(status, {
    ...standardHeaders(id),
    "content-type": "text/event-stream; charset=utf-8",
    // nginx, and others after it, would collect a whole buffer before they pass anything on.
    "x-accel-buffering": "no",
    // The connection is not reused: it was opened before the stop and would delay the stop of the
    // server.
    connection: "close",
  });
  if (raw.method === "HEAD") {
    rawResponse.end();
    return;
  }
  // One event is held for a client that does not read, and the next one is not asked for.
  await pipeline(Readable.from(events, { highWaterMark: 1 }), rawResponse);
}

/**
 * Passes exactly so many bytes, or fails. A stream of another length would leave the client
 * waiting, or reading the next response as the rest of this one. Node's own `strictContentLength`
 * throws where it cannot be caught.
 */
async function* exactly(lengthBytes: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = lengthBytes;
  for await (const chunk of source) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw new Error(`the content has not the ${lengthBytes} bytes that were announced`);
}

/**
 * Resolves when the system has taken the bytes, so that their memory is free again; rejects when
 * the client disconnected before.
 */
function handOver(rawResponse: ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // Not every write is called back when the connection breaks.
    const onClose = () => reject(new ClientDisconnectedError());
    if (rawResponse.closed || rawResponse.destroyed) return onClose();
    rawResponse.once("close", onClose);
    rawResponse.write(chunk, (error) => {
      rawResponse.off("close", onClose);
      // The failure of a write is reported before the close that caused it.
      if (error) onClose();
      else resolve();
    });
  });
}
