/**
 * Frees the memory of a chunk that came from a socket and is dealt with, instead of leaving it to a garbage collector that sees small
 * objects only and waits. Nothing may look at the chunk afterwards. One that is a part of a larger buffer stays: its neighbours may
 * still be wanted.
 */
export function releaseChunk({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
