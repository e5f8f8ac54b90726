import type { ByteRange, OpenBlob } from "../../../blobs/blob-store.ts";
import { type BytesResponse, type ErrorResponse, httpError } from "../http-response.ts";
import { parseRange } from "./range.ts";

export interface BlobToSend {
  readonly sizeBytes: number;
  readonly contentType: string;
  /**
   * The same text only for the same content, as its SHA-256 in hex: becomes the ETag, by which
   * `If-Range` resumes only the same content.
   */
  readonly version?: string;
  /** Value of `Content-Disposition`; see `domain/results/content-disposition.ts`. */
  readonly disposition?: string;
  readonly open: (range?: ByteRange) => Promise<OpenBlob | null>;
  /** Whether the download is still allowed while it is under way. */
  readonly watch?: BytesResponse["watch"];
  /** Called with the position in the content up to which bytes were sent. */
  readonly onSent?: (positionBytes: number) => void;
}

/**
 * Answers with a blob, or the one range of it that was asked for: 200, 206, or 416 with the
 * contract's error body. Never with Content-Encoding: HTTP libraries would unpack a collected
 * file's gzip, and the client's own gunzip would then fail
 * (`docs/contract/clients-in-the-wild.md#result-download`). HEAD answers alike and opens nothing.
 */
export function blobResponse(
  request: {
    readonly headers: { readonly range?: string | undefined; readonly "if-range"?: string | string[] | undefined };
  },
  blob: BlobToSend,
): BytesResponse<200> | BytesResponse<206> | ErrorResponse {
  const { sizeBytes, contentType, version, disposition, open, onSent, watch } = blob;
  const etag = version === undefined ? undefined : `"${version}"`;
  const condition = request.headers["if-range"];
  const isSame = condition === undefined || condition === etag;
  const range = isSame ? parseRange(request.headers.range, sizeBytes) : "full";
  if (range === "unsatisfiable") {
    return httpError(416, "BadRequest", `The range lies outside the content of ${sizeBytes} bytes`, {
      "content-range": `bytes */${sizeBytes}`,
    });
  }
  const headers = {
    "content-type": contentType,
    "accept-ranges": "bytes",
    ...(etag === undefined ? {} : { etag }),
    ...(disposition === undefined ? {} : { "content-disposition": disposition }),
  };
  if (range === "full") {
    const onChunk = onSent && positionFrom(0, onSent);
    const lengthBytes = sizeBytes;
    return { kind: "bytes", status: 200, lengthBytes, headers, open: async () => await open(), watch, onChunk };
  }
  return {
    kind: "bytes",
    status: 206,
    lengthBytes: range.end - range.start + 1,
    headers: { ...headers, "content-range": `bytes ${range.start}-${range.end}/${sizeBytes}` },
    open: async () => await open(range),
    watch,
    onChunk: onSent && positionFrom(range.start, onSent),
  };
}

function positionFrom(startBytes: number, onSent: (positionBytes: number) => void): (sizeBytes: number) => void {
  let positionBytes = startBytes;
  return (sizeBytes) => {
    positionBytes += sizeBytes;
    onSent(positionBytes);
  };
}
