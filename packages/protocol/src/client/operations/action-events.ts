import { Type } from "typebox";
import { Check } from "typebox/value";
import type { MachineActionEvent } from "../../api/index.ts";
import { ActionWithResultsWire, TransferWire, WaitingWire } from "../../api/index.ts";
import type { CallOptions } from "../options.ts";
import { checkResponse, parseJson } from "../transport/read-response.ts";
import { streamedEvents } from "../transport/streamed-events.ts";
import type { Transport } from "../transport/transport.ts";

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
  const query = withResults ? "?results=inline" : "";
  for await (const { event, data } of streamedEvents(transport, { path, query, signal })) {
    const known = toEvent(event, data, `GET ${path}`);
    if (known !== null) yield known;
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
