import { Type } from "typebox";
import { Check } from "typebox/value";
import type { MachineActionEvent } from "../../api/index.ts";
import { ActionWithResultsWire, TransferWire, WaitingWire } from "../../api/index.ts";
import { UnexpectedResponseError, UnreachableError } from "../errors.ts";
import type { CallOptions } from "../options.ts";
import { readEvents } from "../transport/event-stream.ts";
import { checkResponse, chunksOf, parseJson } from "../transport/read-response.ts";
import type { Transport } from "../transport/transport.ts";

/**
 * The server sends the first event at once. If none comes, a proxy buffers the stream, and waiting
 * longer would not help.
 */
const FIRST_WORD_WITHIN_MS = 2_000;
/** The server sends a comment every 15 s. After three missing comments the stream ends. */
const SILENCE_LIMIT_MS = 45_000;

/**
 * Options of `watchMachineAction`.
 *
 * @example
 * ```ts
 * const actionId = "11111111-2222-3333-4444-555555555555";
 * const options: WatchOptions = { withResults: true };
 * for await (const { event, data } of client.watchMachineAction(actionId, options)) {
 *   if (event === "action") console.log(data.status, data.results?.length);
 * }
 * ```
 */
export interface WatchOptions extends CallOptions {
  /**
   * The last event has the small transcripts of the action in `results`, and each is recorded as
   * fetched. A server before 0.2 ignores this.
   */
  withResults?: boolean;
}

/**
 * Yields an action from its present state to its final one; `transfer` events report the progress
 * of a file. It ends when the server ends the stream: after the final state, when the server stops,
 * or when the token expires. Throws ApiError (404 from a server without event streams, 429 when the
 * limit of open streams is reached), UnreachableError when the stream is cut or silent, and
 * UnexpectedResponseError. It sends one request and never retries. A caller that gets no stream
 * polls the action instead.
 */
export async function* watchMachineAction(
  transport: Transport,
  actionId: string,
  { signal, withResults = false }: WatchOptions = {},
): AsyncGenerator<MachineActionEvent> {
  const path = `/halligan/v1/actions/${encodeURIComponent(actionId)}/events`;
  const what = `GET ${path}`;
  const silence = new AbortController();
  const expectWordWithin = (limitMs: number) =>
    setTimeout(() => silence.abort(new UnreachableError(`${what}: nothing came for ${limitMs} ms`)), limitMs);
  let timer = expectWordWithin(FIRST_WORD_WITHIN_MS);
  try {
    const response = await transport.send({
      method: "GET",
      path: withResults ? `${path}?results=inline` : path,
      accept: "text/event-stream",
      isAskedOnce: true,
      isWatched: true,
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    });
    if (!response.headers.get("content-type")?.startsWith("text/event-stream") || response.body === null) {
      await response.body?.cancel();
      throw new UnexpectedResponseError(`${what} was answered with something that is no stream of events`);
    }
    const chunks = chunksOf(response.body);
    for await (const { event, data } of readEvents(alive(chunks))) {
      const known = toEvent(event, data, what);
      if (known !== null) yield known;
    }
  } catch (error) {
    signal?.throwIfAborted();
    silence.signal.throwIfAborted();
    // undici and browsers report a connection lost in the middle of a body as a TypeError.
    if (error instanceof TypeError) throw new UnreachableError(`${what} broke off`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }

  /** A comment also shows that the stream is alive, so this watches chunks and not events. */
  async function* alive(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      clearTimeout(timer);
      timer = expectWordWithin(SILENCE_LIMIT_MS);
      yield chunk;
    }
  }
}

/** Null for an unknown event, which a later server may send. */
function toEvent(event: string, data: string, what: string): MachineActionEvent | null {
  if (event === "action") return { event, data: checkResponse(parseJson(data), ActionWithResultsWire, what) };
  if (event === "transfer") return { event, data: checkResponse(parseJson(data), TransferWire, what) };
  if (event === "waiting") {
    const waiting = parseJson(data);
    // The list of reasons is closed. One of a later server is no reason to give up the stream.
    return hasUnknownReason(waiting) ? null : { event, data: checkResponse(waiting, WaitingWire, what) };
  }
  return null;
}

const REASONS: ReadonlySet<string> = new Set(WaitingWire.anyOf.map(({ properties }) => properties.reason.const));

const WithReason = Type.Object({ reason: Type.String() });

const hasUnknownReason = (waiting: unknown): boolean => Check(WithReason, waiting) && !REASONS.has(waiting.reason);
