import type { ErrorWire } from "@halligan/protocol/api";
import type { OpenBlob } from "../../blobs/blob-store.ts";

type Headers = Readonly<Record<string, string>>;

/**
 * What an operation answers; written by `write-response.ts` and nothing else, so every response has
 * the same headers and error body.
 */
export type HttpResponse =
  | JsonResponse
  | LateJsonResponse
  | EmptyResponse
  | ErrorResponse
  | BytesResponse
  | EventsResponse;

export interface JsonResponse<Status extends number = number, Body = unknown> {
  readonly kind: "json";
  readonly status: Status;
  readonly body: Body;
  readonly headers?: Headers;
  /**
   * Called with the size of the text when it is sent. Disposed when the client has taken it, or is
   * gone.
   */
  readonly holdBody?: (sizeBytes: number) => Disposable;
}

/**
 * JSON whose head is sent at once and whose body follows when it is known, so that a client has
 * the status and the headers also when its connection breaks while it waits. `body` is not called
 * for HEAD. `held` is disposed when the response is over, written or not.
 */
export interface LateJsonResponse<Status extends number = number, Body = unknown> {
  readonly kind: "lateJson";
  readonly status: Status;
  readonly headers: Headers;
  readonly body: () => Promise<Body>;
  readonly held: Disposable;
}

export interface EmptyResponse<Status extends number = number> {
  readonly kind: "empty";
  readonly status: Status;
  readonly headers?: Headers;
}

/** Becomes `{error: {code, message, target}}`, at a token endpoint `{error, error_description}`. */
export interface ErrorResponse {
  readonly kind: "error";
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Headers;
}

/**
 * `open` is called once, and not at all for HEAD; null from it becomes 404. `lengthBytes`: null
 * when it is not known before the end. The response is then complete when `open`'s stream ends
 * without an error, and the client can tell (chunked transfer).
 */
export interface BytesResponse<Status extends number = number> {
  readonly kind: "bytes";
  readonly status: Status;
  readonly lengthBytes: number | null;
  readonly headers: Headers;
  readonly open: () => Promise<Pick<OpenBlob, "stream" | "recycle"> | null>;
  /**
   * Begun with the first byte, disposed after the last one. When its signal is aborted, the
   * download ends where it is.
   */
  readonly watch?: (() => Disposable & { readonly signal: AbortSignal }) | undefined;
  /** Called for each chunk that was sent. */
  readonly onChunk?: ((sizeBytes: number) => void) | undefined;
  /** Disposed when the response is over, written or not. */
  readonly held?: Disposable;
}

/**
 * `text/event-stream`, until `events` ends; not begun for HEAD. `held` is disposed when the
 * response is over, written or not.
 */
export interface EventsResponse {
  readonly kind: "events";
  readonly status: 200;
  readonly events: AsyncIterable<string>;
  readonly held: Disposable;
}

export const ok = <Body>(body: Body): JsonResponse<200, Body> => ({ kind: "json", status: 200, body });
export const created = <Body>(body: Body): JsonResponse<201, Body> => ({ kind: "json", status: 201, body });
export const noContent = (): EmptyResponse<204> => ({ kind: "empty", status: 204 });

/**
 * A refusal by the code it has on the wire. What the domain refuses goes through `errors.ts`
 * instead.
 */
export const httpError = (status: number, code: string, message: string, headers?: Headers): ErrorResponse => ({
  kind: "error",
  status,
  code,
  message,
  ...(headers === undefined ? {} : { headers }),
});

/**
 * 429 with `Retry-After` in whole seconds, at least 1. One client retries on the words "too many
 * requests".
 */
export const tooManyRequests = (retryAfterS: number, detail: string): ErrorResponse =>
  httpError(429, "TooManyRequests", `Too many requests: ${detail}`, {
    "retry-after": String(Math.max(1, Math.ceil(retryAfterS))),
  });

/**
 * The body of every 4xx and 5xx. `target` is the request id: the same as in the log.
 * `docs/contract/http-api.md#errors`.
 */
export const errorBody = (code: string, message: string, target: string): ErrorWire => ({
  error: { code, message, target },
});

/**
 * Thrown where a refusal arises in the middle of reading a body, inside an iterator; becomes its
 * `response`.
 */
export class RequestRefusedError extends Error {
  readonly response: ErrorResponse;

  constructor(response: ErrorResponse) {
    super(response.message);
    this.name = "RequestRefusedError";
    this.response = response;
  }
}

export const invalidBody = (message: string): RequestRefusedError =>
  new RequestRefusedError(httpError(400, "InvalidRequestBody", message));
