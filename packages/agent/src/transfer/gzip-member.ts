/**
 * One gzip member made of blocks. Each block is compressed separately and ended by a full flush, or
 * stored when compression would only cost time. Compression runs on the thread pool, so the agent
 * connection stays responsive.
 */
import { constants, crc32, deflateRaw, deflateRawSync } from "node:zlib";
import { LIMITS } from "../limits.ts";
import { releaseOwnBuffer } from "./release-buffer.ts";

const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** An empty last block with fixed codes. */
const LAST_BLOCK = Uint8Array.of(0x03, 0x00);
const MAX_STORED_BYTES = 65_535;
/** A sample that shrinks to more than this share of itself is not worth compressing. */
const WORTH_RATIO = 0.95;
const LEVEL = 1;

interface CodedBlock {
  pieces: readonly Uint8Array[];
  /** Allocated for this block only, and freed when the caller has processed it. */
  compressed: Uint8Array | null;
}

/**
 * Yielded bytes are valid until the next ones are requested.
 * @param blocks each about 1 MiB at most, and unchanged until the block after the next is requested
 */
export async function* gzipMember(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield HEADER;
  let crc = 0;
  let sizeBytes = 0;
  // Reads and compresses the next block while the caller processes this one.
  let ahead: Promise<CodedBlock> | null = null;
  for await (const block of blocks) {
    if (block.length === 0) continue;
    const coded = encodeBlock(block);
    coded.catch(() => undefined);
    crc = crc32(block, crc);
    sizeBytes += block.length;
    if (ahead) yield* handOut(await ahead);
    ahead = coded;
  }
  if (ahead) yield* handOut(await ahead);
  yield LAST_BLOCK;
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, crc, true);
  trailer.setUint32(4, sizeBytes % 2 ** 32, true);
  yield new Uint8Array(trailer.buffer);
}

function* handOut({ pieces, compressed }: CodedBlock): Generator<Uint8Array, void, undefined> {
  yield* pieces;
  if (compressed) releaseOwnBuffer(compressed);
}

async function encodeBlock(block: Uint8Array): Promise<CodedBlock> {
  if (!isWorthIt(block)) return { pieces: store(block), compressed: null };
  const compressed = await deflate(block);
  return { pieces: compressed.length < block.length ? [compressed] : store(block), compressed };
}

function isWorthIt(block: Uint8Array): boolean {
  const from = Math.max(0, Math.floor((block.length - LIMITS.compressionSampleBytes) / 2));
  const sample = block.subarray(from, from + LIMITS.compressionSampleBytes);
  // One buffer that is freed at once. A thousand samples left to the garbage collector under Bun
  // take 19 MB of resident memory, and 7 MB with this buffer.
  const compressed = deflateRawSync(sample, { level: LEVEL, chunkSize: chunkBytesFor(sample) });
  const isWorth = compressed.length <= sample.length * WORTH_RATIO;
  releaseOwnBuffer(compressed);
  return isWorth;
}

/** The largest output for these bytes in one chunk. */
function chunkBytesFor(bytes: Uint8Array): number {
  return Math.max(constants.Z_MIN_CHUNK, bytes.length + 1024);
}

function deflate(block: Uint8Array): Promise<Uint8Array> {
  const options = {
    level: LEVEL,
    finishFlush: constants.Z_FULL_FLUSH,
    // One round trip to the thread pool for each block, instead of one for each 16 KiB of output.
    chunkSize: chunkBytesFor(block),
  };
  return new Promise((resolve, reject) => {
    deflateRaw(block, options, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

function store(block: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < block.length; at += MAX_STORED_BYTES) {
    const piece = block.subarray(at, at + MAX_STORED_BYTES);
    const size = piece.length;
    pieces.push(Uint8Array.of(0, size & 0xff, size >> 8, ~size & 0xff, (~size >> 8) & 0xff), piece);
  }
  return pieces;
}
