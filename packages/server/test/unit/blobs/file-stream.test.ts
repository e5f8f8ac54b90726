import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openBlobFile } from "../../../src/blobs/disk-files.ts";
import { FileStream } from "../../../src/blobs/file-stream.ts";

const SIZE_BYTES = 3 * 1024 * 1024 + 17;
const content = randomBytes(SIZE_BYTES);
let folder = "";
let file = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "halligan-file-stream-"));
  file = join(folder, "content");
  await writeFile(file, content);
});
after(() => rm(folder, { recursive: true }));

async function opened() {
  const blob = await openBlobFile(file);
  assert.ok(blob);
  return blob;
}

test("a reader that hands its chunks back gets the whole content through three pieces of memory", async () => {
  const blob = await opened();
  const hash = createHash("sha256");
  const memories = new Set<ArrayBufferLike>();
  for await (const chunk of blob.stream) {
    memories.add(chunk.buffer);
    // Reading ahead must not touch the chunk that is still in use.
    await new Promise((resolve) => setTimeout(resolve, 2));
    hash.update(chunk);
    blob.recycle?.(chunk);
  }
  assert.equal(hash.digest("hex"), createHash("sha256").update(content).digest("hex"));
  assert.ok(memories.size <= 3, `${memories.size} pieces of memory`);
});

test("a reader that keeps its chunks keeps them unchanged", async () => {
  const chunks: Buffer[] = [];
  for await (const chunk of (await opened()).stream) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(content));
});

test("memory of another size is not taken back", async () => {
  const blob = await opened();
  blob.recycle?.(Buffer.alloc(10));
  const chunks: Buffer[] = [];
  for await (const chunk of blob.stream) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(content));
});

test("a stream that is left early closes its file, also with a read under way", async () => {
  const handle = await open(file, "r");
  const stream = new FileStream(handle, 0, SIZE_BYTES - 1);
  const closed = new Promise((resolve) => stream.once("close", resolve));
  stream.read();
  stream.destroy();
  await closed;
  assert.equal(handle.fd, -1);
});

test("a read that fails is the stream's error", async () => {
  const handle = await open(folder, "r");
  await assert.rejects(async () => {
    for await (const _ of new FileStream(handle, 0, 10));
  }, /EISDIR/);
  assert.equal(handle.fd, -1);
});
