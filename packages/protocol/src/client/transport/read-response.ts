import type { Static, TSchema } from "typebox";
// Interpreted, not compiled: the console's Content-Security-Policy forbids code made from text.
import { Check, Errors } from "typebox/value";
import { ErrorWire } from "../../api/index.ts";
import { ApiError, UnexpectedResponseError, UnreachableError } from "../errors.ts";

/** Largest JSON response that is read into memory. A page of 10,000 actions is about 20 MB. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * Returns the body if it matches `schema`. Otherwise throws UnexpectedResponseError with the first
 * difference.
 */
export async function readJson<T extends TSchema>(response: Response, schema: T, what: string): Promise<Static<T>> {
  const text = await readText(response, MAX_JSON_BYTES, what);
  const value = parseJson(text);
  if (value === undefined) {
    throw new UnexpectedResponseError(`${what} was answered with something that is not JSON${bodyKind(response)}`);
  }
  return checkResponse(value, schema, what);
}

/** Throws UnexpectedResponseError with the first difference. */
export function checkResponse<T extends TSchema>(value: unknown, schema: T, what: string): Static<T> {
  if (Check(schema, value)) return value;
  const first = Errors(schema, value)[0];
  const where = first === undefined ? "" : `: ${first.instancePath || "the whole"} ${first.message}`;
  throw new UnexpectedResponseError(`${what} was answered with JSON that is not what the API promises${where}`);
}

/** Never throws for an unreadable body, because the status alone is sufficient. */
export async function readApiError(response: Response, what: string): Promise<ApiError> {
  const body = parseJson(await readText(response, MAX_ERROR_BYTES, what).catch(() => ""));
  if (Check(ErrorWire, body)) return new ApiError({ status: response.status, ...body.error });
  return new ApiError({
    status: response.status,
    code: `HTTP_${response.status}`,
    message: `${what} was answered with status ${response.status} and without the API's error body${bodyKind(response)}; is a proxy in between?`,
    target: null,
  });
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function readText(response: Response, maxBytes: number, what: string): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let sizeBytes = 0;
  let text = "";
  try {
    for await (const chunk of chunksOf(response.body)) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxBytes) {
        throw new UnexpectedResponseError(`${what} was answered with more than ${maxBytes} bytes`);
      }
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    // undici and browsers report a connection lost in the middle of a body as a TypeError.
    if (error instanceof TypeError) throw new UnreachableError(`The answer to ${what} broke off`, { cause: error });
    throw error;
  }
  return text + decoder.decode();
}

/** Some browsers have no async iterator on streams. */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        isDone = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!isDone) await reader.cancel().catch(() => undefined);
  }
}

function bodyKind(response: Response): string {
  const type = response.headers.get("content-type");
  return type === null ? "" : ` (${type.slice(0, 80)})`;
}
