import type { Readable } from "node:stream";
import type { ByteRange, OpenBlob } from "../blob-store.ts";

/** In the form of HTTP, including the last byte. */
export const rangeHeader = ({ start, end }: ByteRange): string => `bytes=${start}-${end}`;

export const outside = ({ start, end }: ByteRange): RangeError =>
  new RangeError(`bytes ${start}-${end} are not within the content`);

/** The opened content, from a response's headers. `Content-Range` contains the total size. */
export function openBlob(
  stream: Readable,
  contentRange: string | undefined,
  lengthBytes: number,
  range?: ByteRange,
): OpenBlob {
  const total = /\/([0-9]+)$/.exec(contentRange ?? "")?.[1];
  const sizeBytes = total === undefined ? lengthBytes : Number(total);
  if (range !== undefined && range.start >= sizeBytes) {
    // Not every server responds with 416.
    stream.destroy();
    throw outside(range);
  }
  return { sizeBytes, stream };
}
