import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { PART_BYTES } from "@halligan/protocol/link";
import type { BlobStore, FollowedBlob } from "../../../src/blobs/blob-store.ts";
import { openDiskBlobStore } from "../../../src/blobs/disk/disk-blob-store.ts";
import { complete, idOf, partsOf, pattern, putPart } from "./blob-store.contract.ts";

/** Results that are read while they are uploaded, on disk. */
const id = idOf("arriving");
const never = new AbortController().signal;

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "halligan-follow-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

const openStore = (folder: string) => openDiskBlobStore({ folder, random: randomBytes });

async function follow(store: BlobStore, fromBytes = 0, signal = never): Promise<FollowedBlob> {
  const followed = await store.followResult?.(id, fromBytes, signal);
  assert.ok(followed);
  return followed;
}

/** Exactly so many bytes. */
async function take(chunks: AsyncIterator<Buffer>, sizeBytes: number): Promise<Buffer> {
  const taken: Buffer[] = [];
  for (let left = sizeBytes; left > 0; ) {
    const { value, done } = await chunks.next();
    assert.ok(!done, `the stream ended ${left} bytes early`);
    taken.push(Buffer.from(value));
    left -= value.length;
  }
  return Buffer.concat(taken);
}

async function rest({ stream, recycle }: FollowedBlob): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    recycle?.(chunk);
  }
  return Buffer.concat(chunks);
}

test("a reader has each part once it is stored, and its end after the completion", async (t) => {
  const store = await openStore(await makeFolder(t));
  const whole = pattern(2 * PART_BYTES + 1_000);
  const [first = whole, second = whole, third = whole] = partsOf(whole);
  const opening = follow(store);
  await putPart(store, id, 0, first);
  const followed = await opening;
  const chunks = followed.stream[Symbol.asyncIterator]();
  assert.ok((await take(chunks, PART_BYTES)).equals(first));
  // Out of sequence: it is passed on after the part before it.
  await putPart(store, id, 2, third);
  const next = take(chunks, PART_BYTES + 1_000);
  await putPart(store, id, 1, second);
  assert.ok((await next).equals(whole.subarray(PART_BYTES)));
  const end = chunks.next();
  assert.deepEqual(await complete(store, id, whole), { code: "complete" });
  assert.equal((await end).done, true);
});

test("a reader goes on from an offset after a restart, and behind the completion", async (t) => {
  const folder = await makeFolder(t);
  const whole = pattern(2 * PART_BYTES + 1_000);
  const [first = whole, second = whole, third = whole] = partsOf(whole);
  await putPart(await openStore(folder), id, 0, first);
  const store = await openStore(folder);
  const followed = await follow(store, 1_234);
  await putPart(store, id, 1, second);
  await putPart(store, id, 2, third);
  await complete(store, id, whole);
  assert.ok((await rest(followed)).equals(whole.subarray(1_234)));
  assert.ok((await rest(await follow(store, PART_BYTES))).equals(whole.subarray(PART_BYTES)));
  assert.equal((await rest(await follow(store, whole.length))).length, 0);
  assert.equal(await store.followResult?.(id, whole.length + 1, never), null);
});

test("a reader fails when its upload is removed, or is complete with a wrong SHA-256", async (t) => {
  const store = await openStore(await makeFolder(t));
  const whole = pattern(PART_BYTES + 1_000);
  const [first = whole, second = whole] = partsOf(whole);
  await putPart(store, id, 0, first);
  const reading = rest(await follow(store));
  const failing = assert.rejects(reading, { name: "UploadRemovedError" });
  await store.deleteResult(id);
  await failing;
  await putPart(store, id, 0, first);
  await putPart(store, id, 1, second);
  const wrong = assert.rejects(rest(await follow(store)), { name: "UploadRemovedError" });
  const altered = Buffer.from(whole).fill(1, 0, 10);
  assert.equal((await complete(store, id, altered)).code, "UploadMismatch");
  await wrong;
});

test("a reader that waits ends with its signal, and one that stops reading does not delay the upload", async (t) => {
  const store = await openStore(await makeFolder(t));
  const gone = new AbortController();
  const waiting = store.followResult?.(id, 0, gone.signal);
  gone.abort();
  assert.equal(await waiting, null);
  const whole = pattern(PART_BYTES + 1_000);
  const [first = whole, second = whole] = partsOf(whole);
  await putPart(store, id, 0, first);
  const idle = await Promise.all(Array.from({ length: 20 }, () => follow(store)));
  await putPart(store, id, 1, second);
  assert.deepEqual(await complete(store, id, whole), { code: "complete" });
  const [one, ...others] = idle;
  assert.ok(one);
  for (const { stream } of others) stream.destroy();
  assert.ok((await rest(one)).equals(whole));
});

test("a stream that is destroyed while it waits for a part closes", async (t) => {
  const store = await openStore(await makeFolder(t));
  await putPart(store, id, 0, pattern(PART_BYTES));
  const { stream } = await follow(store, PART_BYTES - 1);
  const chunks = stream[Symbol.asyncIterator]();
  await take(chunks, 1);
  const closed = Promise.withResolvers<void>();
  stream.once("close", () => closed.resolve());
  stream.destroy();
  await closed.promise;
});
