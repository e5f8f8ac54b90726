import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A collection costs about a millisecond: at 250 MB/s a sixtieth of one core. */
const COLLECT_EVERY_BYTES = 16 * 1024 * 1024;

/** V8's own, of the young generation only. It has no public name. */
const collectYoung: () => void = (() => {
  setFlagsFromString("--expose-gc");
  const collect: (options: { type: "minor" }) => void = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  return () => collect({ type: "minor" });
})();

let uncollectedBytes = 0;

/**
 * Passes on what a client sends and collects the memory of earlier chunks at intervals. The bytes
 * of a chunk are outside V8's heap, so V8's collector sees only small objects and starts too late.
 * Without this, an upload of 1 GiB grew the server by 69 MiB (docs/decisions/0004).
 */
export async function* received(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of body) {
    uncollectedBytes += chunk.length;
    if (uncollectedBytes >= COLLECT_EVERY_BYTES) {
      uncollectedBytes = 0;
      collectYoung();
    }
    yield chunk;
  }
}
