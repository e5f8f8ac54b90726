import { Readable } from "node:stream";
import { wellFormedJsonBytes } from "@halligan/protocol/text";
import type { ByteRange, OpenBlob } from "../../../../blobs/blob-store.ts";

/**
 * Opens a transcript as clients may read it: one that was stored before text of devices was checked
 * may contain lone surrogates, which become U+FFFD. The number of bytes stays the same. What an
 * escape means depends on what stands before it, so a range is read from the beginning; a
 * transcript's size is bounded by the limit of a script's output.
 */
export async function openTranscript(
  open: () => Promise<OpenBlob | null>,
  range?: ByteRange,
): Promise<OpenBlob | null> {
  const blob = await open();
  if (blob === null) return null;
  const repaired = wellFormedJsonBytes(blob.stream);
  const wanted = range === undefined ? repaired : within(repaired, range);
  const stream = Readable.from(wanted, { objectMode: false });
  stream.once("close", () => blob.stream.destroy());
  return { sizeBytes: blob.sizeBytes, stream };
}

async function* within(chunks: AsyncIterable<Buffer>, { start, end }: ByteRange): AsyncGenerator<Buffer> {
  let atBytes = 0;
  for await (const chunk of chunks) {
    const from = Math.max(0, start - atBytes);
    const to = Math.min(chunk.length, end + 1 - atBytes);
    if (from < to) yield chunk.subarray(from, to);
    atBytes += chunk.length;
    if (atBytes > end) return;
  }
}
