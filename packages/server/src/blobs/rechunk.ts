/**
 * Regroups a body into pieces of `pieceBytes`. The last one is shorter; an empty body is one empty
 * piece. All pieces share one buffer: a piece is valid until the caller asks for the next one.
 */
export async function* rechunk(body: AsyncIterable<Uint8Array>, chunkBytes: number): AsyncGenerator<Buffer> {
  let room = Buffer.allocUnsafe(Math.min(chunkBytes, 64 * 1024));
  let filled = 0;
  let count = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === chunkBytes) {
        yield room;
        count += 1;
        filled = 0;
      }
      const taken = Math.min(chunk.length - at, chunkBytes - filled);
      // Most content is a small script, so the buffer grows to its full size only when needed.
      if (filled + taken > room.length) room = grown(room, filled, Math.min(chunkBytes, 2 * (filled + taken)));
      room.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
    }
  }
  if (filled > 0 || count === 0) yield room.subarray(0, filled);
}

function grown(room: Buffer, filled: number, sizeBytes: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(sizeBytes);
  room.copy(larger, 0, 0, filled);
  return larger;
}
