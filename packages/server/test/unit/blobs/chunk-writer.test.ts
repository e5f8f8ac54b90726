import assert from "node:assert/strict";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { ChunkWriter } from "../../../src/blobs/disk/chunk-writer.ts";
import { type WriteChunks, writeChunks } from "../../../src/blobs/disk-files.ts";

async function newFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "halligan-chunks-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "file");
}

const bytesOf = (sizes: readonly number[]) => sizes.map((size, i) => Buffer.alloc(size, i + 1));

/** As a system that writes at most `most` bytes at a time, and never beyond one chunk. */
const shortWrites =
  (most: number): WriteChunks =>
  (handle, chunks, position) =>
    writeChunks(
      new Proxy(handle, {
        get(target, key) {
          if (key !== "writev") return Reflect.get(target, key);
          return (all: Uint8Array[], at: number) => {
            const [first = new Uint8Array()] = all;
            return target.write(first, 0, Math.min(most, first.length), at);
          };
        },
      }),
      chunks,
      position,
    );

test("what is added is in the file in its sequence, whatever the sizes of chunks and of writes", async (t) => {
  const path = await newFile(t);
  const sizes = fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 300_000 })), { maxLength: 150 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.option(fc.integer({ min: 1_000, max: 200_000 })), async (all, most) => {
      const chunks = bytesOf(all);
      await using file = await open(path, "w");
      await using writer = new ChunkWriter(file, most === null ? writeChunks : shortWrites(most), 0);
      for (const chunk of chunks) await writer.add(chunk);
      await writer.end();
      assert.deepEqual(await readFile(path), Buffer.concat(chunks));
    }),
    { numRuns: 40 },
  );
});

test("the error of a write comes with a later chunk or at the end, and is no unhandled rejection", async (t) => {
  const path = await newFile(t);
  await using file = await open(path, "w");
  const full: WriteChunks = () => Promise.reject(new Error("no space"));
  const large = Buffer.alloc(600 * 1024);
  {
    await using writer = new ChunkWriter(file, full, 0);
    await writer.add(large);
    await assert.rejects(writer.add(large), /no space/);
    await assert.rejects(writer.end(), /no space/);
  }
  await using abandoned = new ChunkWriter(file, full, 0);
  await abandoned.add(large);
  await new Promise((resolve) => setImmediate(resolve));
});

test("it holds at most two batches, and many small chunks are no larger batch", async (t) => {
  const path = await newFile(t);
  await using file = await open(path, "w");
  const batches: { chunks: number; bytes: number }[] = [];
  let running = 0;
  await using writer = new ChunkWriter(
    file,
    async (handle, chunks, position) => {
      running += 1;
      assert.equal(running, 1);
      batches.push({ chunks: chunks.length, bytes: chunks.reduce((sum, { length }) => sum + length, 0) });
      await writeChunks(handle, chunks, position);
      running -= 1;
    },
    0,
  );
  for (let i = 0; i < 1_000; i += 1) await writer.add(Buffer.alloc(1));
  for (let i = 0; i < 40; i += 1) await writer.add(Buffer.alloc(64 * 1024));
  await writer.end();
  assert.ok(batches.every(({ chunks, bytes }) => chunks <= 64 && bytes <= 512 * 1024 + 64 * 1024));
  assert.ok(batches.length < 30, `${batches.length} writes`);
});
