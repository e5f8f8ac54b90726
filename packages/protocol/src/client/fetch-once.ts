import { networkFailure } from "../text/network-failure.ts";
import { UnexpectedAnswerError, UnreachableError } from "./errors.ts";

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
  /** What is being done, for the messages: "POST /api/...". Never with a query: a result link's query is a key. */
  what: string;
  /** Longest wait for the head of the answer, in milliseconds; null for uploads, whose answer comes after the body. */
  answerTimeoutMs: number | null;
  signal: AbortSignal | undefined;
}

/**
 * One request, one answer. Throws UnreachableError when none came, the signal's reason when it was aborted.
 * Redirects are refused: a token or a secret must not travel to an address nobody named.
 */
export async function fetchOnce(
  fetch: Fetch,
  { url, init, what, answerTimeoutMs, signal }: SendOptions,
): Promise<Response> {
  signal?.throwIfAborted();
  const silence = new AbortController();
  const timer =
    answerTimeoutMs === null ? undefined : setTimeout(() => silence.abort(noAnswer(answerTimeoutMs)), answerTimeoutMs);
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
    const target = location === null ? "" : ` to ${originOf(new URL(location, url).href)}`;
    throw new UnexpectedAnswerError(`${what} was redirected${target}; use the final address as the server's URL`);
  }
  return response;
}

function originOf(url: string): string {
  return new URL(url).origin;
}

function noAnswer(timeoutMs: number): Error {
  const error = new Error(`no answer within ${timeoutMs} ms`);
  error.name = "TimeoutError";
  return error;
}
