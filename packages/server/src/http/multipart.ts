import type { Readable } from "node:stream";
import type { Multipart } from "@fastify/multipart";
import { invalidBody } from "./answer.ts";
import { mediaTypeOf } from "./content-type.ts";
import type { Incoming } from "./incoming.ts";
import { ClientGone } from "./read-body.ts";
import { received } from "./received-bytes.ts";

/** A part of a multipart body. Names are in lower case: clients write `File` and `file`. `contract/http-api.md` section 14. */
export type MultipartPart =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | {
      readonly kind: "file";
      readonly name: string;
      /** What the client calls it: data, never a path. */
      readonly fileName: string;
      /** Read it before the next part; what is left unread then is dropped. */
      readonly stream: AsyncIterable<Uint8Array>;
    };

export async function* readMultipart(
  incoming: Incoming,
  fileBytes: number,
): AsyncGenerator<MultipartPart, void, undefined> {
  const { request, raw, limits, invite } = incoming;
  if (mediaTypeOf(raw.headers["content-type"]) !== "multipart/form-data") {
    throw invalidBody("Request body is incorrect: expected Content-Type multipart/form-data");
  }
  invite();
  const parts = request.parts({
    limits: {
      fileSize: fileBytes,
      fieldSize: limits.fieldBytes,
      fieldNameSize: 256,
      parts: limits.multipartParts,
      headerPairs: 32,
    },
  });
  try {
    for await (const part of parts) {
      yield readPart(part, incoming, fileBytes);
      // A file nobody reads would keep the next part from ever coming.
      if (part.type === "file") part.file.resume();
    }
  } catch (error) {
    throw explained(error, incoming, fileBytes);
  }
}

function readPart(part: Multipart, incoming: Incoming, fileBytes: number): MultipartPart {
  const { fieldBytes } = incoming.limits;
  // Undefined, against its type, when the part has no name.
  const given: string | undefined = part.fieldname;
  if (given === undefined) throw invalidBody("Request body is incorrect: a part of it has no name");
  const name = given.toLowerCase();
  if (part.type === "file") {
    return { kind: "file", name, fileName: part.filename, stream: readFile(part.file, incoming, fileBytes) };
  }
  if (part.valueTruncated) throw invalidBody(`Request body is incorrect: a part is longer than ${fieldBytes} bytes`);
  const value = typeof part.value === "string" ? part.value : JSON.stringify(part.value);
  return { kind: "field", name, value };
}

async function* readFile(
  file: Readable & { truncated?: boolean },
  incoming: Incoming,
  fileBytes: number,
): AsyncGenerator<Uint8Array> {
  try {
    yield* received(file.iterator({ destroyOnReturn: false }));
  } catch (error) {
    // A body that breaks off inside a file shows here, in the hands of whoever reads the file.
    throw explained(error, incoming, fileBytes);
  }
  // The parser ends a file that is too long as if it were complete and sets this mark.
  if (file.truncated) throw tooLong(fileBytes);
}

const tooLong = (fileBytes: number) => invalidBody(`The file is larger than the limit of ${fileBytes} bytes`);

function explained(error: unknown, { raw }: Incoming, fileBytes: number): unknown {
  if (raw.destroyed && !raw.readableEnded) return new ClientGone();
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "FST_REQ_FILE_TOO_LARGE") return tooLong(fileBytes);
  if (code === "FST_PARTS_LIMIT" || code === "FST_FILES_LIMIT" || code === "FST_FIELDS_LIMIT") {
    return invalidBody("Request body is incorrect: it has too many parts");
  }
  // What else the parser throws says that the body is not well formed; our own refusals have their name.
  const isParserFault = error instanceof Error && error.name !== "RequestRefused" && isFromParser(error);
  return isParserFault ? invalidBody("Request body is incorrect: it is not well-formed multipart/form-data") : error;
}

const isFromParser = (error: Error): boolean =>
  ("code" in error && typeof error.code === "string" && error.code.startsWith("FST_")) ||
  /multipart|boundary|part terminated|malformed/i.test(error.message);
