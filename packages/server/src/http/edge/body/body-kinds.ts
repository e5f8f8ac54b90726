import type { StaticEncode, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { HttpRequest } from "../http-request.ts";
import { invalidBody, RequestRefusedError } from "../http-response.ts";
import { decodeUtf8, readBody, refuseEncoded } from "../read-body.ts";
import type { BodyOwner } from "../unfinished-bodies.ts";
import { boundedForErrors } from "./bounded-value.ts";
import { charsetOf, isJsonType, mediaTypeOf } from "./content-type.ts";
import { readJsonText } from "./json-text.ts";
import { type MultipartPart, readMultipart } from "./multipart.ts";
import { received } from "./received-bytes.ts";
import { schemaRefusal } from "./schema-errors.ts";
import { readUrlEncoded } from "./url-encoded.ts";

/** How an operation takes its body, and the type `B` that its handler then gets. */
export interface BodyKind<B> {
  readonly kind: "none" | "json" | "form" | "multipart" | "stream";
  /** Of a JSON body. */
  readonly schema?: TSchema;
  /** Longest body, where the kind has one bound for all requests. */
  readonly limitBytes?: number;
  /**
   * Throws RequestRefusedError for what is wrong with the body. Called after the caller was
   * admitted.
   */
  readonly read: (request: HttpRequest, owner: BodyOwner) => Promise<B>;
}

/** Drops any body of any content type: one product sends `{}` with every GET. */
export const noBody: BodyKind<undefined> = { kind: "none", read: async () => undefined };

/**
 * A JSON body that fits the schema. A missing content type means JSON; another one is refused by
 * name.
 */
export function jsonBody<T extends TSchema>(
  schema: T,
  options: { readonly limitBytes?: number } = {},
): BodyKind<StaticEncode<T>> {
  const validator = Compile(schema);
  return {
    kind: "json",
    schema,
    ...(options.limitBytes !== undefined && { limitBytes: options.limitBytes }),
    async read(request, owner) {
      const contentType = request.raw.headers["content-type"];
      const mediaType = mediaTypeOf(contentType);
      if (mediaType !== "" && !isJsonType(mediaType))
        throw invalidBody("Request body is incorrect: expected Content-Type application/json");
      if (!["utf-8", "utf8", "us-ascii"].includes(charsetOf(contentType))) {
        throw invalidBody("Request body is incorrect: expected charset utf-8");
      }
      const text = decodeUtf8(await readBody(request, owner, options.limitBytes ?? request.limits.jsonBytes));
      if (text.trim() === "") throw invalidBody("Request body is incorrect: it is empty; expected a JSON object");
      const reading = readJsonText(text, request.limits.jsonDepth);
      if (!reading.ok) throw invalidBody(`Request body is incorrect: ${reading.error}`);
      const { value } = reading;
      if (!validator.Check(value)) {
        throw new RequestRefusedError(schemaRefusal(validator.Errors(boundedForErrors(schema, value))));
      }
      return value;
    },
  };
}

/**
 * Longest form, in bytes: a client assertion of at most 16,384 characters, with all other fields of
 * a token request. Read without authentication.
 */
const FORM_LIMIT_BYTES = 24 * 1024;

/**
 * A form, whatever the content type says: one product sends none.
 * `docs/contract/clients-in-the-wild.md#tokens`.
 */
export const form: BodyKind<URLSearchParams> = {
  kind: "form",
  limitBytes: FORM_LIMIT_BYTES,
  async read(request, owner) {
    const text = decodeUtf8(await readBody(request, owner, FORM_LIMIT_BYTES));
    const reading = readUrlEncoded(text, "field");
    if (!reading.ok) throw invalidBody(`Request body is incorrect: ${reading.error}`);
    return reading.value;
  },
};

/**
 * The parts in order, each file streamed. `fileBytes`: longest file; a longer one makes its stream
 * throw RequestRefusedError.
 */
export const multipart = (options: { readonly fileBytes: number }): BodyKind<AsyncIterable<MultipartPart>> => ({
  kind: "multipart",
  read: async (request) => readMultipart(request, options.fileBytes),
});

export interface StreamBody {
  /** Throws when the client disconnects. Leaving it early is fine. */
  readonly stream: AsyncIterable<Uint8Array>;
  /** From Content-Length; null for a chunked body. */
  readonly sizeBytes: number | null;
}

/**
 * The bytes as they come, of any content type and size: the handler counts. Stalled ones are ended
 * by `inactivityMs`.
 */
export const stream: BodyKind<StreamBody> = {
  kind: "stream",
  async read({ raw, invite }) {
    const { "content-length": length, "transfer-encoding": encoding } = raw.headers;
    refuseEncoded(raw);
    invite();
    return {
      // Leaving the loop must not destroy the request, which would close the connection before the
      // response is written.
      stream: received(raw.iterator({ destroyOnReturn: false })),
      sizeBytes: encoding !== undefined ? null : Number(length ?? 0),
    };
  },
};
