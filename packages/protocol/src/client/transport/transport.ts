import type { Static, TSchema } from "typebox";
import { sleep } from "../../time/index.ts";
import { UnexpectedResponseError, UnreachableError } from "../errors.ts";
import type { ClientClock } from "./clock.ts";
import { type Fetch, fetchOnce } from "./fetch-once.ts";
import { readApiError, readJson } from "./read-response.ts";
import { createRetryBudget, type WaitNotice } from "./retry-policy.ts";
import type { TokenProvider } from "./token-source.ts";

export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** The path from the root of the API, with its query. For a nextLink, the complete address. */
  path: string;
  /** The body, sent as JSON. */
  json?: unknown;
  /** Called for every attempt, because a partly sent stream cannot be sent again. */
  content?: () => Blob | ReadableStream<Uint8Array>;
  /** Makes a POST safe to repeat: the server returns the first response again. */
  idempotencyKey?: string | undefined;
  /** True when a second request changes nothing. A GET always is. */
  isRepeatable?: boolean;
  isPublic?: boolean;
  /** Where a stream of events goes on. */
  lastEventId?: string | undefined;
  /** Bytes of the content that are left out at its beginning. */
  fromBytes?: number;
  /** Media type of the response. Default JSON. */
  accept?: string;
  /**
   * For callers that have an alternative: the client does not wait on 429, 503 or a lost
   * connection.
   */
  isAskedOnce?: boolean;
  /** True when the reader of the response has its own limit for silence. */
  isWatched?: boolean;
  /** How long the server itself waits before it responds, in milliseconds. */
  waitMs?: number;
  signal: AbortSignal | undefined;
}

export interface TransportOptions {
  baseUrl: string;
  tokens: TokenProvider;
  fetch: Fetch;
  clock: ClientClock;
  responseTimeoutMs: number;
  maxRetryWaitMs: number;
  onWait: (notice: WaitNotice) => void;
}

export interface Transport {
  /** Returns a 2xx response and throws for every other one. */
  send(request: ApiRequest): Promise<Response>;
  sendForJson<T extends TSchema>(request: ApiRequest, schema: T): Promise<Static<T>>;
}

/**
 * Any method is retried after 429 and 503, because these say that the request was not accepted.
 * After a lost connection, the server may have accepted the request. So only a GET, a request with
 * an idempotency key and one that is marked as repeatable are retried.
 * A 401 renews the token once.
 */
export function createTransport(options: TransportOptions): Transport {
  const { baseUrl, tokens, fetch, clock } = options;

  const send = async (request: ApiRequest): Promise<Response> => {
    const url = resolveUrl(baseUrl, request.path);
    const what = `${request.method} ${new URL(url).pathname}`;
    const budget = createRetryBudget(options.maxRetryWaitMs);
    const pause = async (
      reason: WaitNotice["reason"],
      retryAfter: string | null,
      { message }: Error,
    ): Promise<boolean> => {
      if (request.isAskedOnce) return false;
      const waitMs = budget.next({ retryAfter, nowMs: clock.nowMs() });
      if (waitMs === null) return false;
      options.onWait({ reason, waitMs, message });
      await sleep(clock, waitMs, request.signal);
      return true;
    };

    let hasRenewed = false;
    let renew = false;
    let lostConnections = 0;
    for (;;) {
      const token = request.isPublic ? null : await tokens.accessToken({ renew, signal: request.signal });
      renew = false;
      let response: Response;
      try {
        response = await fetchOnce(fetch, {
          url,
          init: initOf(request, token),
          what,
          responseTimeoutMs: request.content === undefined ? options.responseTimeoutMs + (request.waitMs ?? 0) : null,
          isWatched: request.isWatched,
          signal: request.signal,
        });
      } catch (error) {
        lostConnections += 1;
        const isRepeatable =
          request.method === "GET" || request.idempotencyKey !== undefined || request.isRepeatable === true;
        const mayRepeat = error instanceof UnreachableError && isRepeatable;
        if (mayRepeat && lostConnections <= MAX_LOST_CONNECTIONS && (await pause("unreachable", null, error))) continue;
        throw error;
      }
      if (response.ok) return response;
      if (response.status === 401 && token !== null && !hasRenewed) {
        hasRenewed = true;
        renew = true;
        await response.body?.cancel();
        continue;
      }
      // Read before the wait, because the caller gets this error when the bound is reached.
      const retryAfter = response.headers.get("retry-after");
      const error = await readApiError(response, what);
      if (response.status === 429 && (await pause("throttled", retryAfter, error))) continue;
      if (response.status === 503 && (await pause("unavailable", retryAfter, error))) continue;
      throw error;
    }
  };

  return {
    send,
    async sendForJson(request, schema) {
      const response = await send(request);
      return readJson(response, schema, `${request.method} ${new URL(resolveUrl(baseUrl, request.path)).pathname}`);
    },
  };
}

/**
 * Attempts after a lost connection. The client reports an unreachable server within seconds, not
 * after the whole bound on waiting.
 */
const MAX_LOST_CONNECTIONS = 3;

function initOf(request: ApiRequest, token: string | null): RequestInit {
  const headers = new Headers({ accept: request.accept ?? "application/json" });
  if (request.idempotencyKey !== undefined) headers.set("idempotency-key", request.idempotencyKey);
  if (request.fromBytes) headers.set("range", `bytes=${request.fromBytes}-`);
  if (request.lastEventId !== undefined) headers.set("last-event-id", request.lastEventId);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  if (request.json !== undefined) {
    headers.set("content-type", "application/json");
    return { method: request.method, headers, body: JSON.stringify(request.json) };
  }
  if (request.content !== undefined) {
    headers.set("content-type", "application/octet-stream");
    // fetch requires `duplex` for a body that is a stream.
    return { method: request.method, headers, body: request.content(), duplex: "half" };
  }
  return { method: request.method, headers };
}

/**
 * Resolves `path` under the base URL. An absolute address (a nextLink) keeps its path and query but
 * not its host. The server may use another name for itself, and the token must only go to the base
 * URL.
 */
function resolveUrl(baseUrl: string, path: string): string {
  if (path.startsWith("/")) return `${baseUrl}${path}`;
  const link = URL.canParse(path, `${baseUrl}/`) ? new URL(path, `${baseUrl}/`) : null;
  // An address such as `x:@elsewhere/` has a path without a leading slash. Without this check, that
  // path would become part of the host.
  if (link === null || !/^https?:$/.test(link.protocol)) {
    throw new UnexpectedResponseError("The nextLink of an answer is not an http or https address");
  }
  return `${new URL(baseUrl).origin}${link.pathname}${link.search}`;
}
