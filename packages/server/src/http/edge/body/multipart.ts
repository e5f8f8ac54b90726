import type { IncomingMessage } from "node:http";
import { textFault } from "@halligan/protocol/text";
import type { HttpRequest } from "../http-request.ts";
import { invalidBody } from "../http-response.ts";
import { ClientDisconnectedError, refuseEncoded } from "../read-body.ts";
import { DelimitedBytes } from "./delimited-bytes.ts";
import { parameterOf, parseHeaderParameters } from "./header-parameters.ts";
import { type PartHead, readPartHead } from "./part-head.ts";
import { received } from "./received-bytes.ts";

/**
 * A part of a multipart body. Names are in lower case: clients write `File` and `file`.
 * `docs/contract/http-api.md#library-files`.
 */
export type MultipartPart =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | {
      readonly kind: "file";
      readonly name: string;
      /** What the client calls it: data, never a path. Null: bytes for which it has no name. */
      readonly fileName: string | null;
      /** Read it before the next part; what is left unread then is dropped. */
      readonly stream: AsyncIterable<Uint8Array>;
    };

const CRLF = Buffer.from("\r\n");
const EMPTY_LINE = Buffer.from("\r\n\r\n");
const CLOSE = "--";

/** RFC 2046 section 5.1.1: 1 to 70 of these characters, the last one no space. */
const BOUNDARY = /^(?! )[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
/** Most bytes before the first boundary, and of white space after a boundary. */
const MAX_PREAMBLE_BYTES = 16 * 1024;
const MAX_PADDING_BYTES = 256;
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_NAME_CHARS = 256;
/** Longest name that is repeated in a message. */
const MAX_SHOWN_CHARS = 80;

const malformed = (detail: string) => invalidBody(`Request body is incorrect: ${detail}`);

/**
 * The parts of a multipart/form-data body (RFC 7578) in their order, each read from the client as
 * it is asked for. Refuses what two parsers could read differently. This parser is our own, because
 * the library that it replaces skips such parts silently
 * (docs/decisions/0005-own-edge-on-node-http.md). What follows the closing boundary is dropped.
 */
export async function* readMultipart(
  { raw, limits, invite }: HttpRequest,
  fileBytes: number,
): AsyncGenerator<MultipartPart, void, undefined> {
  const boundary = boundaryOf(raw);
  refuseEncoded(raw);
  invite();
  const source = bytesOf(raw);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first boundary has no line before it.
  const bytes = new DelimitedBytes(source, CRLF);
  try {
    if ((await bytes.takeBefore(delimiter, MAX_PREAMBLE_BYTES)) === null) throw malformed("its boundary is not found");
    bytes.skip(delimiter.length);
    let charset = "utf-8";
    for (let count = 1; await beginsPart(bytes); count += 1) {
      if (count > limits.multipartParts) throw malformed(`it has more than ${limits.multipartParts} parts`);
      const head = await takeHead(bytes, delimiter, count);
      const name = head.name.toLowerCase();
      const content = new PartContent(bytes, delimiter);
      if (isFile(head)) {
        yield { kind: "file", name, fileName: head.fileName, stream: bounded(content, fileBytes) };
        await content.drop();
      } else {
        const value = await readField(content, head, charset, limits.fieldBytes);
        // RFC 7578 section 4.6: the charset of the fields after it that name none.
        if (name === "_charset_") charset = value.trim().toLowerCase();
        yield { kind: "field", name, value };
      }
    }
  } finally {
    await source.return(undefined);
  }
}

/**
 * RFC 7578 section 4.2 leaves the filename out where a program sends bytes that are no file of a
 * disk.
 */
const isFile = ({ fileName, mediaType }: PartHead): boolean =>
  fileName !== null || mediaType === "application/octet-stream";

function boundaryOf(raw: IncomingMessage): string {
  const type = parseHeaderParameters(raw.headers["content-type"] ?? "");
  if (type?.type !== "multipart/form-data") throw malformed("expected Content-Type multipart/form-data");
  const boundary = parameterOf(type, "boundary");
  if (boundary === null) throw malformed("its Content-Type multipart/form-data has no boundary");
  if (boundary === undefined) throw malformed("its Content-Type has more than one boundary");
  if (BOUNDARY.test(boundary)) return boundary;
  throw malformed("the boundary in its Content-Type is not 1 to 70 of the characters that RFC 2046 allows");
}

async function* bytesOf(raw: IncomingMessage): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    // Leaving early must not destroy the request, which would close the connection before the
    // response is written.
    yield* received(raw.iterator({ destroyOnReturn: false }));
  } catch (error) {
    throw raw.destroyed && !raw.readableEnded ? new ClientDisconnectedError() : error;
  }
  if (!raw.readableEnded && raw.destroyed) throw new ClientDisconnectedError();
}

/**
 * After a boundary: false when it is the closing one. Leaves the line break, with which the headers
 * of a part begin.
 */
async function beginsPart(bytes: DelimitedBytes): Promise<boolean> {
  if ((await bytes.peek(CLOSE.length)).toString("latin1") === CLOSE) return false;
  const padding = await bytes.takeBefore(CRLF, MAX_PADDING_BYTES);
  if (padding === null) throw malformed("a boundary in it is not followed by CR LF, or the body ends there");
  if (/[^ \t]/.test(padding.toString("latin1"))) throw malformed("a boundary in it is followed by other text");
  return true;
}

async function takeHead(bytes: DelimitedBytes, delimiter: Buffer, count: number): Promise<PartHead> {
  const part = `part ${count} of it`;
  const block = await bytes.takeBefore(EMPTY_LINE, MAX_HEAD_BYTES);
  if (block === null || block.includes(delimiter)) {
    throw malformed(`the headers of ${part} have no empty line after them within ${MAX_HEAD_BYTES} bytes`);
  }
  bytes.skip(CRLF.length);
  // RFC 2046 allows a part without content, whose boundary comes at once: the empty line is then
  // its line break.
  if (!(await bytes.peek(delimiter.length)).equals(delimiter)) bytes.skip(CRLF.length);
  const head = readPartHead(block);
  if (!head.ok) throw malformed(`${part} ${head.error}`);
  if (head.value.name.length <= MAX_NAME_CHARS) return head.value;
  throw malformed(`${part} has a name of more than ${MAX_NAME_CHARS} characters`);
}

/** The bytes between the headers of a part and the next boundary. */
class PartContent implements AsyncIterable<Buffer> {
  readonly #bytes: DelimitedBytes;
  readonly #delimiter: Buffer;
  #isRead = false;

  constructor(bytes: DelimitedBytes, delimiter: Buffer) {
    this.#bytes = bytes;
    this.#delimiter = delimiter;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    if (this.#isRead) return;
    const isWhole = yield* this.#bytes.contentBefore(this.#delimiter);
    this.#isRead = true;
    if (!isWhole) throw malformed("it ends before its closing boundary");
  }

  /** Reads the rest of the part. Otherwise it would be read as the next part. */
  async drop(): Promise<void> {
    for await (const _ of this);
  }
}

async function* bounded(content: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer, void, undefined> {
  let sizeBytes = 0;
  for await (const chunk of content) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw invalidBody(`The file is larger than the limit of ${maxBytes} bytes`);
    yield chunk;
  }
}

async function readField(
  content: AsyncIterable<Buffer>,
  { name, charset }: PartHead,
  defaultCharset: string,
  maxBytes: number,
): Promise<string> {
  const place = `the part ${name.slice(0, MAX_SHOWN_CHARS).toWellFormed()}`;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of content) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw malformed(`${place} is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const named = charset ?? defaultCharset;
  const text = decodeText(Buffer.concat(chunks), named);
  if (text === null)
    throw malformed(`${place} is not text in the charset ${JSON.stringify(named.slice(0, MAX_SHOWN_CHARS))}`);
  const fault = textFault(text);
  if (fault !== null) throw malformed(`${place} ${fault}`);
  return text;
}

/** Null when the charset is not known or the bytes are not text in it. */
function decodeText(bytes: Buffer, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
