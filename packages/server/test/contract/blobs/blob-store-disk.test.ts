import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { PART_BYTES } from "@halligan/protocol/link";
import { type DiskBlobStoreOptions, openDiskBlobStore } from "../../../src/blobs/disk/disk-blob-store.ts";
import { diskSpace } from "../../../src/blobs/disk/disk-space.ts";
import { writeChunks } from "../../../src/blobs/disk-files.ts";
import {
  complete,
  contentOf,
  describeBlobStore,
  idOf,
  inChunks,
  partsOf,
  pattern,
  putPart,
  readBlob,
  sha256,
} from "./blob-store.contract.ts";

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "halligan-blobs-"));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, "blobs");
}

const openStore = (folder: string, options: Partial<DiskBlobStoreOptions> = {}) =>
  openDiskBlobStore({ folder, random: randomBytes, ...options });

const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());

describeBlobStore("the disk blob store", async (t) => await openStore(await makeFolder(t)));

test("parts that were answered as stored are there after a restart, whatever was torn", async (t) => {
  const folder = await makeFolder(t);
  const whole = pattern(PART_BYTES + 100);
  const [first = whole, second = whole] = partsOf(whole);
  await putPart(await openStore(folder), idOf("a"), 0, first);
  {
    // A crash in the middle of noting the second part, whose bytes are only half there.
    await using log = await open(join(folder, "partials", `${idOf("a")}.parts`), "a");
    await log.appendFile(`\n1 100 ${sha256(second).slice(0, 20)}`);
    await using data = await open(join(folder, "partials", `${idOf("a")}.data`), "r+");
    await data.write(Buffer.alloc(50, 1), 0, 50, PART_BYTES);
  }
  const store = await openStore(folder);
  assert.deepEqual(await complete(store, idOf("a"), whole), { code: "UploadIncomplete", missingParts: [1] });
  assert.deepEqual(await putPart(store, idOf("a"), 1, second), { code: "stored" });
  assert.deepEqual(await complete(await openStore(folder), idOf("a"), whole), { code: "complete" });
  assert.ok((await readBlob(await store.openResult(contentOf(idOf("a"), whole))))?.equals(whole));
  assert.deepEqual(await complete(await openStore(folder), idOf("a"), whole), { code: "complete" });
});

test("what a crash has left is cleared when the store opens", async (t) => {
  const folder = await makeFolder(t);
  const bytes = pattern(100);
  await putPart(await openStore(folder), idOf("keep"), 0, bytes);
  await writeFile(join(folder, "temporary", "ab"), "half a library file");
  await writeFile(join(folder, "partials", `${idOf("moved")}.parts`), "\n0 1 00\n");
  await openStore(folder);
  assert.deepEqual(
    (await filesIn(folder)).map((entry) => entry.name).sort(),
    [`${idOf("keep")}.data`, `${idOf("keep")}.parts`].sort(),
  );
});

test("folders are private to the server, and so are files", async (t) => {
  const folder = await makeFolder(t);
  const store = await openStore(folder);
  const bytes = pattern(100);
  await store.putLibrary(inChunks(bytes), { limitBytes: 100 });
  await putPart(store, idOf("a"), 0, bytes);
  await complete(store, idOf("a"), bytes);
  await putPart(store, idOf("b"), 0, bytes);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
  }
});

test("a full disk is said, the piece that did not fit is removed, and later the same part is taken", async (t) => {
  const folder = await makeFolder(t);
  let isFull = false;
  const store = await openStore(folder, {
    async write(handle, chunks, position) {
      if (!isFull) return await writeChunks(handle, chunks, position);
      await writeChunks(handle, chunks.slice(0, 1), position);
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    },
  });
  const whole = pattern(PART_BYTES + 200_000);
  const [first = whole, second = whole] = partsOf(whole);
  await putPart(store, idOf("f"), 0, first);
  isFull = true;
  assert.deepEqual(await store.putLibrary(inChunks(second), { limitBytes: 1e9 }), { code: "InsufficientStorage" });
  assert.deepEqual(await putPart(store, idOf("f"), 1, second), { code: "InsufficientStorage" });
  assert.equal((await stat(join(folder, "partials", `${idOf("f")}.data`))).size, PART_BYTES);
  assert.deepEqual(await readdir(join(folder, "temporary")), []);
  isFull = false;
  assert.deepEqual(await putPart(store, idOf("f"), 1, second), { code: "stored" });
  assert.deepEqual(await complete(store, idOf("f"), whole), { code: "complete" });
});

test("uploads to which nothing was added for long are swept, others stay", async (t) => {
  const folder = await makeFolder(t);
  const store = await openStore(folder);
  await putPart(store, idOf("old"), 0, pattern(10));
  const { mtimeMs } = await stat(join(folder, "partials", `${idOf("old")}.data`));
  assert.equal(await store.sweepPartials(1_000, mtimeMs + 1_000), 0);
  assert.equal(await store.sweepPartials(1_000, mtimeMs + 1_001), 1);
  assert.deepEqual(await filesIn(folder), []);
});

test("an upload that is deleted while a part arrives leaves nothing that counts as stored", async (t) => {
  const folder = await makeFolder(t);
  const store = await openStore(folder);
  const bytes = pattern(1_000);
  const { promise: gate, resolve: release } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  async function* slowly() {
    yield bytes.subarray(0, 500);
    begin();
    await gate;
    yield bytes.subarray(500);
  }
  const putting = store.putResultPart({
    resultId: idOf("x"),
    part: 0,
    body: slowly(),
    sizeBytes: 1_000,
    sha256: sha256(bytes),
  });
  await begun;
  await store.deleteResult(idOf("x"));
  release();
  assert.equal((await putting).code, "PartMismatch");
  assert.deepEqual(await filesIn(folder), []);
  assert.equal((await complete(store, idOf("x"), bytes)).code, "UploadIncomplete");
});

test("more unfinished uploads than hash states are kept still complete", async (t) => {
  const store = await openStore(await makeFolder(t), { hashStates: 2 });
  const whole = pattern(PART_BYTES + 10);
  const [first = whole, second = whole] = partsOf(whole);
  const ids = Array.from({ length: 4 }, (_, i) => idOf(`h${i}`));
  for (const id of ids) await putPart(store, id, 0, first);
  for (const id of ids) await putPart(store, id, 1, second);
  for (const id of ids) assert.deepEqual(await complete(store, id, whole), { code: "complete" });
});

test("what would take from the reserve is refused before it is read, also in the middle of a library upload", async (t) => {
  let freeBytes = 40 * PART_BYTES;
  const folder = await makeFolder(t);
  const reserve = diskSpace(folder, 30 * PART_BYTES, async () => freeBytes);
  const store = await openStore(folder, { space: reserve });
  const part = pattern(PART_BYTES);
  assert.deepEqual(await putPart(store, idOf("a"), 0, part), { code: "stored" });
  freeBytes = 31 * PART_BYTES - 1;
  const described = { resultId: idOf("a"), part: 1, sizeBytes: PART_BYTES, sha256: sha256(part) };
  let wasRead = false;
  async function* body() {
    wasRead = true;
    yield part;
  }
  assert.deepEqual(await store.putResultPart({ ...described, body: body() }), { code: "InsufficientStorage" });
  assert.deepEqual(await store.putLibrary(body(), { limitBytes: PART_BYTES }), { code: "InsufficientStorage" });
  assert.equal(wasRead, false);
  freeBytes = 32 * PART_BYTES;
  const large = () => inChunks(pattern(3 * PART_BYTES));
  assert.deepEqual(await store.putLibrary(large(), { limitBytes: 9 * PART_BYTES }), { code: "InsufficientStorage" });
  assert.deepEqual(await readdir(join(folder, "temporary")), []);
  freeBytes = 40 * PART_BYTES;
  assert.equal((await store.putLibrary(large(), { limitBytes: 9 * PART_BYTES })).code, "stored");
  assert.deepEqual(await putPart(store, idOf("a"), 1, part), { code: "stored" });
});

test("claims that are held count against each other, and are given back", async () => {
  const space = diskSpace("/", 10, async () => 100);
  const first = await space.claim(60);
  assert.ok(first);
  assert.equal(await space.claim(31), null);
  const second = await space.claim(30);
  assert.ok(second);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.ok(await space.claim(60));
  const broken = diskSpace("/", 10, () => Promise.reject(new Error("no such file system")));
  await assert.rejects(broken.claim(1), /no such file system/);
});
