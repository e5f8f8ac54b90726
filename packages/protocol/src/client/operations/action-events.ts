import type { MachineActionEvent } from "../../api/index.ts";
import { MachineActionWire, TransferWire, WaitingWire } from "../../api/index.ts";
import { UnexpectedAnswerError, UnreachableError } from "../errors.ts";
import type { CallOptions } from "../options.ts";
import { readEvents } from "../transport/event-stream.ts";
import { checkAnswer, chunksOf, parseJson } from "../transport/read-answer.ts";
import type { Transport } from "../transport/transport.ts";

/** The server speaks at once; when nothing comes, something in between collects what it says. Who waits for it would wait in vain. */
const FIRST_WORD_WITHIN_MS = 2_000;
/** It sends a comment every 15 s; three missing ones end the stream. */
const SILENCE_LIMIT_MS = 45_000;

/**
 * An action as it changes, from the state it has now to its final one; `transfer` says how far a file has come. Ends when the
 * server ends the stream: after the final state, but also when it stops or the token runs out. Throws ApiError (404 from a server that
 * has no such streams, 429 when it has no more of them), UnreachableError when the stream is cut or silent, UnexpectedAnswerError.
 * Asks once and never waits to ask again: whoever has no stream asks for the action instead.
 */
export async function* watchMachineAction(
  transport: Transport,
  actionId: string,
  { signal }: CallOptions = {},
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
      path,
      accept: "text/event-stream",
      isAskedOnce: true,
      isWatched: true,
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    });
    if (!response.headers.get("content-type")?.startsWith("text/event-stream") || response.body === null) {
      await response.body?.cancel();
      throw new UnexpectedAnswerError(`${what} was answered with something that is no stream of events`);
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

  /** Comments count as words, so chunks are watched and not events. */
  async function* alive(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      clearTimeout(timer);
      timer = expectWordWithin(SILENCE_LIMIT_MS);
      yield chunk;
    }
  }
}

/** Null for an event that a later server may send. */
function toEvent(event: string, data: string, what: string): MachineActionEvent | null {
  if (event === "action") return { event, data: checkAnswer(parseJson(data), MachineActionWire, what) };
  if (event === "transfer") return { event, data: checkAnswer(parseJson(data), TransferWire, what) };
  if (event === "waiting") return { event, data: checkAnswer(parseJson(data), WaitingWire, what) };
  return null;
}
