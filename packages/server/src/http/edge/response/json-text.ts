import { toJsonText } from "@halligan/protocol/text";
import type { HttpResponse, JsonResponse } from "../http-response.ts";

/** A JSON response as text. */
export interface TextResponse extends Pick<JsonResponse, "status" | "headers" | "holdBody"> {
  readonly kind: "text";
  /** A text is sent in one piece, bytes as the client takes them. */
  readonly text: string | Buffer;
}

/** A response in the form in which it is written. */
export type WrittenResponse = Exclude<HttpResponse, JsonResponse> | TextResponse;

/** Node copies a text that a socket cannot take at once, with three bytes for each character. */
const LONG_TEXT_CHARACTERS = 64 * 1024;

/**
 * Makes the text of a JSON response. The objects are free from then on, and a client that does not
 * read holds nothing but the bytes.
 */
export function toWritten(response: HttpResponse): WrittenResponse {
  if (response.kind !== "json") return response;
  const { status, headers, holdBody, body } = response;
  const text = toJsonText(body);
  return {
    kind: "text",
    status,
    ...(headers && { headers }),
    ...(holdBody && { holdBody }),
    text: text.length > LONG_TEXT_CHARACTERS ? Buffer.from(text) : text,
  };
}
