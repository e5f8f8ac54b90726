import type { Readable } from "node:stream";
import type { ByteRange, OpenBlob } from "../blob-store.ts";

/** As HTTP writes it, the last byte included. */
export const rangeHeader = ({ start, end }: ByteRange): string => `bytes=${start}-${end}`;

export const outside = ({ start, end }: ByteRange): RangeError =>
  new RangeError(`bytes ${start}-${end} are not within the content`);

/** What was opened, from a response's headers: `Content-Range` names the size of the whole. */
export function openBlob(
  stream: Readable,
  contentRange: string | undefined,
  lengthBytes: number,
  range?: ByteRange,
): OpenBlob {
  const total = /\/([0-9]+)$/.exec(contentRange ?? "")?.[1];
  const sizeBytes = total === undefined ? lengthBytes : Number(total);
  if (range !== undefined && range.start >= sizeBytes) {
    // Not every server answers 416.
    stream.destroy();
    throw outside(range);
  }
  return { sizeBytes, stream };
}
