import { networkFailure } from "../../text/network-failure.ts";
import { UnexpectedResponseError, UnreachableError } from "../errors.ts";
import { withSilenceLimit } from "./silence-limit.ts";

/**
 * The function that sends requests. The default is `fetch` of the runtime.
 *
 * @example
 * ```ts
 * const logged: Fetch = (url, init) => {
 *   console.log(init.method, new URL(url).pathname);
 *   return fetch(url, init);
 * };
 * console.log(logged.length);
 * ```
 */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface SendOptions {
  url: string;
  init: RequestInit;
  /**
   * The request for messages: "POST /api/...". It never contains a query, because the query of a
   * result link is a key.
   */
  what: string;
  /**
   * Longest wait for the head of the response and for each chunk of its body, in milliseconds. Null
   * for uploads, because their response comes after the request body.
   */
  responseTimeoutMs: number | null;
  /** True when the reader of the response has its own limit for silence. */
  isWatched?: boolean | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Sends one request and returns its response. Throws UnreachableError when no response came, and
 * the signal's reason when it was aborted. It refuses redirects, because a token or a secret must
 * not travel to an address that the caller did not name.
 */
export async function fetchOnce(
  fetch: Fetch,
  { url, init, what, responseTimeoutMs, isWatched, signal }: SendOptions,
): Promise<Response> {
  signal?.throwIfAborted();
  const silence = new AbortController();
  const timer =
    responseTimeoutMs === null
      ? undefined
      : setTimeout(() => silence.abort(noResponse(responseTimeoutMs)), responseTimeoutMs);
  const anySignal = signal === undefined ? silence.signal : AbortSignal.any([silence.signal, signal]);
  let response: Response;
  try {
    response = await fetch(url, { ...init, redirect: "manual", signal: anySignal });
  } catch (error) {
    signal?.throwIfAborted();
    throw new UnreachableError(`${networkFailure(url, error)} (${what})`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    await response.body?.cancel();
    const location = response.headers.get("location");
    const target = location === null ? "" : originOf(location, url);
    throw new UnexpectedResponseError(`${what} was redirected${target}; use the final address as the server's URL`);
  }
  return isWatched ? response : withSilenceLimit(response, responseTimeoutMs ?? DEFAULT_SILENCE_LIMIT_MS, what);
}

const DEFAULT_SILENCE_LIMIT_MS = 60_000;

/** Returns an empty text for an address of another scheme and for an invalid address. */
function originOf(location: string, url: string): string {
  const target = URL.canParse(location, url) ? new URL(location, url) : null;
  return target !== null && /^https?:$/.test(target.protocol) ? ` to ${target.origin}` : "";
}

function noResponse(timeoutMs: number): Error {
  const error = new Error(`no answer within ${timeoutMs} ms`);
  error.name = "TimeoutError";
  return error;
}
