import { Readable } from "node:stream";
import type { ByteRange, OpenBlob } from "../../../blobs/blob-store.ts";

/** Bytes at hand, opened like a blob. */
export function bytesBlob(bytes: Uint8Array, range?: ByteRange): OpenBlob {
  const wanted = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1);
  return { sizeBytes: bytes.length, stream: Readable.from([wanted], { objectMode: false }) };
}
