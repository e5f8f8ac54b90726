/**
 * Regroups a body into pieces of `pieceBytes`, the last one shorter; an empty body is one empty piece. One buffer is used for all of
 * them: a piece is the taker's until it asks for the next.
 */
export async function* inPieces(body: AsyncIterable<Uint8Array>, pieceBytes: number): AsyncGenerator<Buffer> {
  let room = Buffer.allocUnsafe(Math.min(pieceBytes, 64 * 1024));
  let filled = 0;
  let count = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === pieceBytes) {
        yield room;
        count += 1;
        filled = 0;
      }
      const taken = Math.min(chunk.length - at, pieceBytes - filled);
      // Most content is a small script: the full size is taken only by what needs it.
      if (filled + taken > room.length) room = grown(room, filled, Math.min(pieceBytes, 2 * (filled + taken)));
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
