import { ACTION_OUTPUT_EVENTS, type ActionOutputEvent, type OutputChunkWire } from "../../api/index.ts";
import { sleep } from "../../time/index.ts";
import { ApiError, UnexpectedResponseError, UnreachableError } from "../errors.ts";
import type { CallOptions } from "../options.ts";
import type { ClientClock } from "../transport/clock.ts";
import { checkResponse, parseJson } from "../transport/read-response.ts";
import { streamedEvents } from "../transport/streamed-events.ts";
import type { Transport } from "../transport/transport.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/**
 * Options of `watchActionOutput`.
 *
 * @example
 * ```ts
 * const actionId = "11111111-2222-3333-4444-555555555555";
 * const options: WatchOutputOptions = { from: "end", maxOutageMs: 60_000 };
 * for await (const { event, data } of client.watchActionOutput(actionId, options)) {
 *   if (event === "chunk" && data.stream === "stdout") process.stdout.write(data.bytes);
 * }
 * ```
 */
export interface WatchOutputOptions extends CallOptions {
  /** All commands from their first byte, or what is written from now on. Default `start`. */
  from?: "start" | "end";
  /** Where an earlier watch has stopped: the `cursor` of its last event. It outranks `from`. */
  cursor?: string | undefined;
  /** Longest outage of the server before the watch fails, in milliseconds. Default 300,000. */
  maxOutageMs?: number;
}

/**
 * Bytes of one stream, at `offset`.
 *
 * @example
 * ```ts
 * const print = ({ stream, bytes }: WatchedChunk) => {
 *   if (stream === "stdout") process.stdout.write(bytes);
 *   else process.stderr.write(bytes);
 * };
 * console.log(print.length);
 * ```
 */
export interface WatchedChunk extends Pick<OutputChunkWire, "index" | "stream" | "offset"> {
  bytes: Uint8Array;
}

/**
 * One event of `watchActionOutput`. `cursor`: where a watch goes on after it; null before the first
 * byte.
 *
 * @example
 * ```ts
 * const actionId = "11111111-2222-3333-4444-555555555555";
 * let last: ActionOutput | undefined;
 * for await (const output of client.watchActionOutput(actionId)) last = output;
 * console.log(last?.event, last?.cursor);
 * ```
 */
export type ActionOutput = (
  | { event: "chunk"; data: WatchedChunk }
  | Exclude<ActionOutputEvent, { event: "chunk" | "dropped" }>
) & { cursor: string | null };

/**
 * Yields what the scripts of an action write, and connects again by itself, at the byte where it
 * stopped. It ends after the event `end`.
 */
export async function* watchActionOutput(
  transport: Transport,
  clock: ClientClock,
  actionId: string,
  { from = "start", cursor: given, maxOutageMs = 300_000, signal }: WatchOutputOptions = {},
): AsyncGenerator<ActionOutput> {
  const path = `/halligan/v1/actions/${encodeURIComponent(actionId)}/output`;
  const places = new Places(path);
  let cursor = given ?? null;
  let waitMs = FIRST_WAIT_MS;
  let outageMs = 0;
  for (;;) {
    try {
      const query = cursor === null ? `?from=${from}` : "";
      const request = { path, query, lastEventId: cursor ?? undefined, signal };
      for await (const { event, data, id } of streamedEvents(transport, request)) {
        waitMs = FIRST_WAIT_MS;
        outageMs = 0;
        const known = toOutput(event, data, path);
        if (known === null || known.event === "dropped") continue;
        if (known.event === "chunk") places.check(known.data);
        cursor = id ?? cursor;
        yield { ...known, cursor };
        if (known.event === "end") return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error) || outageMs >= maxOutageMs) throw error;
    }
    outageMs += waitMs;
    await sleep(clock, waitMs, signal ?? new AbortController().signal);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

/** Checks that no byte is missing and none comes twice, also after a new connection. */
class Places {
  readonly #path: string;
  readonly #next = new Map<string, number>();

  constructor(path: string) {
    this.#path = path;
  }

  check({ index, stream, offset, bytes }: WatchedChunk): void {
    const key = `${index} ${stream}`;
    const expected = this.#next.get(key) ?? offset;
    if (offset !== expected) {
      throw new UnexpectedResponseError(
        `GET ${this.#path}: ${stream} goes on at byte ${offset} instead of ${expected}`,
      );
    }
    this.#next.set(key, offset + bytes.length);
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ApiError && [429, 502, 503, 504].includes(error.status));

type Parsed = Exclude<ActionOutputEvent, { event: "chunk" }> | { event: "chunk"; data: WatchedChunk };

/** Null for an unknown event, which a later server may send. */
function toOutput(event: string, text: string, path: string): Parsed | null {
  const what = `GET ${path}`;
  const read = () => parseJson(text);
  switch (event) {
    case "chunk": {
      const { index, stream, offset, text: utf8, base64 } = checkResponse(read(), ACTION_OUTPUT_EVENTS.chunk, what);
      const bytes = base64 === undefined ? new TextEncoder().encode(utf8 ?? "") : fromBase64(base64, what);
      return { event, data: { index, stream, offset, bytes } };
    }
    case "command":
      return { event, data: checkResponse(read(), ACTION_OUTPUT_EVENTS.command, what) };
    case "truncated":
      return { event, data: checkResponse(read(), ACTION_OUTPUT_EVENTS.truncated, what) };
    case "gap":
      return { event, data: checkResponse(read(), ACTION_OUTPUT_EVENTS.gap, what) };
    case "notice":
      return { event, data: checkResponse(read(), ACTION_OUTPUT_EVENTS.notice, what) };
    case "dropped":
      return { event, data: checkResponse(read(), ACTION_OUTPUT_EVENTS.dropped, what) };
    case "end":
      return { event, data: checkResponse(read(), ACTION_OUTPUT_EVENTS.end, what) };
    default:
      return null;
  }
}

function fromBase64(text: string, what: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new UnexpectedResponseError(`${what}: a chunk is not base64`);
  }
}
