import { UnexpectedResponseError, UnreachableError } from "../errors.ts";
import { readEvents, type StreamedEvent } from "./event-stream.ts";
import { chunksOf } from "./read-response.ts";
import type { Transport } from "./transport.ts";

/**
 * The server sends the first event or a comment at once. If none comes, a proxy buffers the stream,
 * and waiting longer would not help.
 */
const FIRST_WORD_WITHIN_MS = 2_000;
/** The server sends a comment every 15 s. After three missing comments the stream ends. */
const SILENCE_LIMIT_MS = 45_000;

export interface StreamRequest {
  /** Without its query, which is not in messages. */
  path: string;
  query: string;
  lastEventId?: string | undefined;
  signal: AbortSignal | undefined;
}

/**
 * The events of one request. Throws ApiError, UnreachableError when the stream is cut or silent,
 * and UnexpectedResponseError. It never retries.
 */
export async function* streamedEvents(
  transport: Transport,
  { path, query, lastEventId, signal }: StreamRequest,
): AsyncGenerator<StreamedEvent> {
  const what = `GET ${path}`;
  const silence = new AbortController();
  const expectWordWithin = (limitMs: number) =>
    setTimeout(() => silence.abort(new UnreachableError(`${what}: nothing came for ${limitMs} ms`)), limitMs);
  let timer = expectWordWithin(FIRST_WORD_WITHIN_MS);
  try {
    const response = await transport.send({
      method: "GET",
      path: `${path}${query}`,
      accept: "text/event-stream",
      lastEventId,
      isAskedOnce: true,
      isWatched: true,
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    });
    if (!response.headers.get("content-type")?.startsWith("text/event-stream") || response.body === null) {
      await response.body?.cancel();
      throw new UnexpectedResponseError(`${what} was answered with something that is no stream of events`);
    }
    yield* readEvents(alive(chunksOf(response.body)));
  } catch (error) {
    signal?.throwIfAborted();
    silence.signal.throwIfAborted();
    // undici and browsers report a connection lost in the middle of a body as a TypeError.
    if (error instanceof TypeError) throw new UnreachableError(`${what} broke off`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }

  /**
   * A comment also shows that the stream is alive, so this watches chunks and not events. The time
   * that a slow reader takes does not count.
   */
  async function* alive(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      clearTimeout(timer);
      yield chunk;
      timer = expectWordWithin(SILENCE_LIMIT_MS);
    }
  }
}
