import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { TokenErrorWire } from "@halligan/protocol/api";
import { toJsonText } from "@halligan/protocol/text";
import {
  type Answer,
  type BytesAnswer,
  type ErrorAnswer,
  type EventsAnswer,
  errorBody,
  type LateJsonAnswer,
  refuse,
} from "../answer.ts";
import { ClientGoneError } from "../read-body.ts";

/** A response that is to be written, and what decides about its form. */
export interface Exchange {
  readonly id: string;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly errors?: "oauth" | undefined;
  /** The connection ends with this answer. */
  readonly mustClose: boolean;
  /**
   * Waits between the answer and the end of the connection. For an answer whose request has unread
   * bytes.
   */
  readonly linger?: (() => Promise<void>) | undefined;
}

/**
 * On every answer. There is no page here, so nothing may be loaded, framed or guessed; answers hold
 * data of devices and are not kept.
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
function oauthError({ status, code, message }: ErrorAnswer): TokenErrorWire {
  const framework = status >= 500 ? "server_error" : status === 429 ? "temporarily_unavailable" : "invalid_request";
  return { error: /^[a-z_]+$/.test(code) ? code : framework, error_description: message };
}

/**
 * Writes any answer. Resolves when its bytes are handed over, rejects when a stream broke; the
 * connection is then destroyed.
 */
export async function writeAnswer(exchange: Exchange, answer: Answer): Promise<void> {
  switch (answer.kind) {
    case "bytes":
      return await writeBytes(exchange, answer);
    case "lateJson":
      return await writeLateJson(exchange, answer);
    case "events":
      return await writeEvents(exchange, answer);
    case "empty":
      return await writeText(exchange, answer.status, answer.headers ?? {}, null);
    case "json":
      return await writeText(exchange, answer.status, answer.headers ?? {}, toJsonText(answer.body));
    case "error": {
      const { status, code, message, headers } = answer;
      const body = exchange.errors === "oauth" ? oauthError(answer) : errorBody(code, message, exchange.id);
      return await writeText(exchange, status, headers ?? {}, toJsonText(body));
    }
  }
}

const connectionHeader = ({ mustClose }: Exchange): OutgoingHttpHeaders => (mustClose ? { connection: "close" } : {});

async function writeText(
  exchange: Exchange,
  status: number,
  headers: OutgoingHttpHeaders,
  text: string | null,
): Promise<void> {
  const { id, raw, response } = exchange;
  const content =
    text === null
      ? {}
      : { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(text) };
  response.writeHead(status, { ...standardHeaders(id), ...content, ...connectionHeader(exchange), ...headers });
  const body = raw.method === "HEAD" ? undefined : (text ?? undefined);
  if (exchange.linger === undefined || body === undefined) {
    response.end(body);
    return;
  }
  // Whole for the client by its length; the connection ends with `end`.
  response.write(body);
  await exchange.linger();
  response.end();
}

async function writeBytes(exchange: Exchange, answer: BytesAnswer): Promise<void> {
  const { id, raw, response } = exchange;
  const isHead = raw.method === "HEAD";
  const blob = isHead ? null : await answer.open();
  if (!isHead && blob === null)
    return await writeAnswer(exchange, refuse(404, "ResourceNotFound", "The content is gone"));
  response.writeHead(answer.status, {
    ...standardHeaders(id),
    ...answer.headers,
    "content-length": answer.lengthBytes,
    ...connectionHeader(exchange),
  });
  if (blob === null) {
    response.end();
    return;
  }
  using watch = answer.watch?.();
  // Also while the client does not read: the wait for it ends with the connection.
  watch?.signal.addEventListener("abort", () => response.destroy(), { once: true });
  try {
    // Left early, the loop destroys the stream.
    for await (const chunk of exactly(answer.lengthBytes, blob.stream)) {
      await handOver(response, chunk);
      answer.onChunk?.(chunk.length);
      blob.recycle?.(chunk);
    }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  }
}

async function writeLateJson(exchange: Exchange, { status, headers, body }: LateJsonAnswer): Promise<void> {
  const { id, raw, response } = exchange;
  response.writeHead(status, {
    ...standardHeaders(id),
    "content-type": "application/json; charset=utf-8",
    // A proxy that collects a whole buffer would hold the head back.
    "x-accel-buffering": "no",
    ...connectionHeader(exchange),
    ...headers,
  });
  if (raw.method === "HEAD") {
    response.end();
    return;
  }
  response.flushHeaders();
  try {
    response.end(toJsonText(await body()));
  } catch (error) {
    response.destroy();
    throw error;
  }
}

async function writeEvents(exchange: Exchange, { status, events }: EventsAnswer): Promise<void> {
  const { id, raw, response } = exchange;
  response.writeHead(status, {
    ...standardHeaders(id),
    "content-type": "text/event-stream; charset=utf-8",
    // nginx, and others after it, would collect a whole buffer before they pass anything on.
    "x-accel-buffering": "no",
    // Kept for another request, it would hold up a server that stops, because it began before the
    // stop.
    connection: "close",
  });
  if (raw.method === "HEAD") {
    response.end();
    return;
  }
  // One event is held for a client that does not read, and the next one is not asked for.
  await pipeline(Readable.from(events, { highWaterMark: 1 }), response);
}

/**
 * Passes exactly so many bytes, or fails. A stream of another length would leave the client
 * waiting, or reading the next answer as the rest of this one. Node's own `strictContentLength`
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
 * the client went away before.
 */
function handOver(response: ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // Not every write is called back when the connection breaks.
    const onClose = () => reject(new ClientGoneError());
    if (response.closed || response.destroyed) return onClose();
    response.once("close", onClose);
    response.write(chunk, (error) => {
      response.off("close", onClose);
      // The failure of a write is reported before the close that caused it.
      if (error) onClose();
      else resolve();
    });
  });
}
