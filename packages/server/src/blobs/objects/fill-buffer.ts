import { addAbortSignal, type Readable } from "node:stream";

/** Reads a stream into `target` until it is full or the stream ends. Returns the filled part. */
export async function fillBuffer(stream: Readable, target: Buffer, signal: AbortSignal): Promise<Buffer> {
  addAbortSignal(signal, stream);
  let filled = 0;
  // Leaving the loop destroys the stream.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const taken = Math.min(chunk.length, target.length - filled);
    target.set(chunk.subarray(0, taken), filled);
    filled += taken;
    if (taken < chunk.length) break;
  }
  return target.subarray(0, filled);
}
