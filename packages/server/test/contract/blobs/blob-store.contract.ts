import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { PART_BYTES } from "@halligan/protocol/link";
import fc from "fast-check";
import type { BlobStore } from "../../../src/blobs/blob-store.ts";
import { putWhole } from "../../../src/blobs/put-whole.ts";

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
export const idOf = (name: string): string => sha256(Buffer.from(name));

/** Bytes that differ everywhere and are the same in every run. */
export function pattern(sizeBytes: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let i = 0, x = seed + 1; i + 4 <= sizeBytes; i += 4) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(x, i);
  }
  return bytes;
}

export async function* inChunks(bytes: Uint8Array, chunkBytes = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

export async function* breaking(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw new Error("connection lost");
}

export const partsOf = (whole: Buffer): Buffer[] =>
  Array.from({ length: Math.max(1, Math.ceil(whole.length / PART_BYTES)) }, (_, part) =>
    whole.subarray(part * PART_BYTES, (part + 1) * PART_BYTES),
  );

export const putPart = (store: BlobStore, resultId: string, part: number, bytes: Uint8Array) =>
  store.putResultPart({ resultId, part, body: inChunks(bytes), sizeBytes: bytes.length, sha256: sha256(bytes) });

export const complete = (store: BlobStore, resultId: string, whole: Buffer) =>
  store.completeResult({ resultId, partCount: partsOf(whole).length, sizeBytes: whole.length, sha256: sha256(whole) });

export const contentOf = (resultId: string, bytes: Uint8Array) => ({ resultId, sha256: sha256(bytes) });

export async function readBlob(blob: Awaited<ReturnType<BlobStore["openResult"]>>): Promise<Buffer | null> {
  if (blob === null) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of blob.stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The behaviour of every blob store. `make` returns an empty one. `orders`: runs of the property
 * test over the sequences of parts.
 */
export function describeBlobStore(name: string, make: (t: TestContext) => Promise<BlobStore>, orders = 12): void {
  describe(name, () => {
    test("library content is found under its SHA-256, however often it is put", async (t) => {
      const store = await make(t);
      const bytes = pattern(300_000);
      for (let i = 0; i < 2; i += 1) {
        const answer = await store.putLibrary(inChunks(bytes), { limitBytes: 300_000 });
        assert.deepEqual(answer, { code: "stored", sha256: sha256(bytes), sizeBytes: 300_000 });
      }
      assert.deepEqual(await readBlob(await store.openLibrary(sha256(bytes))), bytes);
      assert.deepEqual(await store.statLibrary(sha256(bytes)), { sizeBytes: 300_000 });
      assert.equal(await store.deleteLibrary(sha256(bytes)), true);
      assert.equal(await store.statLibrary(sha256(bytes)), null);
      assert.equal(await store.deleteLibrary(sha256(bytes)), false);
      assert.equal(await store.openLibrary(sha256(bytes)), null);
    });

    test("empty library content is content", async (t) => {
      const store = await make(t);
      const empty = Buffer.alloc(0);
      await store.putLibrary(inChunks(empty), { limitBytes: 0 });
      assert.deepEqual(await readBlob(await store.openLibrary(sha256(empty))), empty);
    });

    test("library content over the limit, broken off or aborted is not kept", async (t) => {
      const store = await make(t);
      const bytes = pattern(1_000);
      assert.deepEqual(await store.putLibrary(inChunks(bytes), { limitBytes: 999 }), {
        code: "TooLarge",
        limitBytes: 999,
      });
      await assert.rejects(store.putLibrary(breaking(bytes), { limitBytes: 1_000 }), /connection lost/);
      await assert.rejects(store.putLibrary(inChunks(bytes), { limitBytes: 1_000, signal: AbortSignal.abort() }), {
        name: "AbortError",
      });
      assert.equal(await store.openLibrary(sha256(bytes)), null);
    });

    test("content that arrives in one stream is there under its id, and nothing of another content or one that breaks off", async (t) => {
      const store = await make(t);
      const { signal } = new AbortController();
      const whole = pattern(PART_BYTES + 1_000);
      const put = (id: string, body: AsyncIterable<Uint8Array>, bytes = whole) =>
        putWhole(store, { id, body, sizeBytes: bytes.length, sha256: sha256(bytes), signal });
      assert.deepEqual(await put(idOf("whole"), inChunks(whole)), { code: "stored" });
      assert.deepEqual(await readBlob(await store.openResult(contentOf(idOf("whole"), whole))), whole);
      const empty = Buffer.alloc(0);
      assert.deepEqual(await put(idOf("empty"), inChunks(empty), empty), { code: "stored" });
      for (const body of [pattern(PART_BYTES + 1_000, 7), pattern(PART_BYTES + 999), pattern(PART_BYTES + 1_001)]) {
        assert.equal((await put(idOf("other"), inChunks(body))).code, "Mismatch");
        await store.deleteResult(idOf("other"));
      }
      await assert.rejects(put(idOf("broken"), breaking(whole)), /connection lost/);
      for (const id of [idOf("other"), idOf("broken")])
        assert.equal(await store.statResult(contentOf(id, whole)), null);
    });

    test("a range is read from its first to its last byte, and one beyond the content refused", async (t) => {
      const store = await make(t);
      const bytes = pattern(700_000);
      await putPart(store, idOf("r"), 0, bytes);
      await complete(store, idOf("r"), bytes);
      for (const [start, end] of [
        [0, 0],
        [10, 20],
        [262_140, 600_000],
        [699_999, 699_999],
        [699_000, 10_000_000],
      ] as const) {
        const blob = await store.openResult(contentOf(idOf("r"), bytes), { start, end });
        assert.equal(blob?.sizeBytes, 700_000);
        assert.deepEqual(await readBlob(blob), bytes.subarray(start, end + 1));
      }
      await assert.rejects(store.openResult(contentOf(idOf("r"), bytes), { start: 700_000, end: 700_001 }), RangeError);
    });

    test("a part that is not what it says leaves nothing, and the right one is taken afterwards", async (t) => {
      const store = await make(t);
      const bytes = pattern(1_000);
      const part = { resultId: idOf("m"), part: 0, sizeBytes: 1_000, sha256: sha256(bytes) };
      for (const body of [pattern(1_000, 7), pattern(999), pattern(1_001)]) {
        assert.equal((await store.putResultPart({ ...part, body: inChunks(body) })).code, "PartMismatch");
      }
      await assert.rejects(store.putResultPart({ ...part, body: breaking(bytes) }), /connection lost/);
      assert.deepEqual(await complete(store, idOf("m"), bytes), { code: "UploadIncomplete", missingParts: [0] });
      assert.deepEqual(await putPart(store, idOf("m"), 0, bytes), { code: "stored" });
      assert.deepEqual(await complete(store, idOf("m"), bytes), { code: "complete" });
      assert.deepEqual(await readBlob(await store.openResult(contentOf(idOf("m"), bytes))), bytes);
    });

    test("a stored part is not overwritten by another content under its number", async (t) => {
      const store = await make(t);
      const bytes = pattern(1_000);
      await putPart(store, idOf("o"), 0, bytes);
      assert.equal((await putPart(store, idOf("o"), 0, pattern(1_000, 3))).code, "PartMismatch");
      assert.deepEqual(await complete(store, idOf("o"), bytes), { code: "complete" });
    });

    test("a result is not there before it is complete, and does not change afterwards", async (t) => {
      const store = await make(t);
      const bytes = pattern(1_000);
      await putPart(store, idOf("c"), 0, bytes);
      assert.equal(await store.openResult(contentOf(idOf("c"), bytes)), null);
      assert.equal(await store.statResult(contentOf(idOf("c"), bytes)), null);
      assert.deepEqual(await complete(store, idOf("c"), bytes), { code: "complete" });
      assert.deepEqual(await complete(store, idOf("c"), bytes), { code: "complete" });
      assert.equal((await complete(store, idOf("c"), pattern(1_000, 1))).code, "UploadMismatch");
      assert.deepEqual(await putPart(store, idOf("c"), 0, pattern(1_000, 1)), { code: "stored" });
      assert.deepEqual(await putPart(store, idOf("c"), 1, bytes), { code: "stored" });
      assert.deepEqual(await readBlob(await store.openResult(contentOf(idOf("c"), bytes))), bytes);
      assert.deepEqual(await store.statResult(contentOf(idOf("c"), bytes)), { sizeBytes: 1_000 });
    });

    test("an empty result is one empty part", async (t) => {
      const store = await make(t);
      const empty = Buffer.alloc(0);
      await putPart(store, idOf("e"), 0, empty);
      assert.deepEqual(await complete(store, idOf("e"), empty), { code: "complete" });
      assert.deepEqual(await readBlob(await store.openResult(contentOf(idOf("e"), empty))), empty);
    });

    test("a whole of another shape or SHA-256 is refused, and missing parts are named", async (t) => {
      const store = await make(t);
      const whole = pattern(2 * PART_BYTES + 5);
      const [first = whole, , last = whole] = partsOf(whole);
      await putPart(store, idOf("w"), 2, last);
      await putPart(store, idOf("w"), 0, first);
      assert.deepEqual(await complete(store, idOf("w"), whole), { code: "UploadIncomplete", missingParts: [1] });
      const claim = { resultId: idOf("w"), partCount: 3, sizeBytes: whole.length, sha256: sha256(whole) };
      for (const wrong of [{ partCount: 2 }, { partCount: 1_000_000 }, { sizeBytes: whole.length + 1 }]) {
        assert.equal((await store.completeResult({ ...claim, ...wrong })).code, "UploadMismatch");
      }
      await putPart(store, idOf("w"), 1, pattern(PART_BYTES, 9));
      assert.equal((await store.completeResult(claim)).code, "UploadMismatch");
      const missing = { code: "UploadIncomplete", missingParts: [0, 1, 2] };
      assert.deepEqual(await store.completeResult(claim), missing, "it is read once and not again");
      assert.equal(
        (await store.putResultPart({ ...claim, part: 0, sizeBytes: PART_BYTES + 1, body: inChunks(first) })).code,
        "PartMismatch",
      );
    });

    test("ids that are not the server's own throw and reach no file", async (t) => {
      const store = await make(t);
      const bytes = pattern(10);
      for (const id of [
        "",
        "..",
        `${"../".repeat(21)}x`,
        "a".repeat(63),
        `${"a".repeat(63)}G`,
        `${"a".repeat(64)}\n`,
        "A".repeat(64),
      ]) {
        await assert.rejects(store.openResult(contentOf(id, bytes)), TypeError);
        await assert.rejects(store.openLibrary(id), TypeError);
        await assert.rejects(store.statLibrary(id), TypeError);
        await assert.rejects(store.deleteLibrary(id), TypeError);
        await assert.rejects(store.deleteResult(id), TypeError);
        await assert.rejects(putPart(store, id, 0, bytes), TypeError);
        await assert.rejects(complete(store, id, bytes), TypeError);
      }
    });

    test("a deleted result is gone, complete or not, and can be sent again", async (t) => {
      const store = await make(t);
      const bytes = pattern(1_000);
      await putPart(store, idOf("d"), 0, bytes);
      assert.equal(await store.deleteResult(idOf("d")), true);
      assert.equal((await complete(store, idOf("d"), bytes)).code, "UploadIncomplete");
      await putPart(store, idOf("d"), 0, bytes);
      await complete(store, idOf("d"), bytes);
      assert.equal(await store.deleteResult(idOf("d")), true);
      assert.equal(await store.deleteResult(idOf("d")), false);
      assert.equal(await store.openResult(contentOf(idOf("d"), bytes)), null);
    });

    test("any order and repetition of parts, also at the same time, gives the same content", async (t) => {
      const store = await make(t);
      const whole = pattern(2 * PART_BYTES + 12_345);
      const parts = partsOf(whole);
      let run = 0;
      const sent = fc
        .array(fc.nat(2), { maxLength: 4 })
        .chain((extra) => fc.shuffledSubarray([0, 1, 2, ...extra], { minLength: 3 + extra.length }));
      await fc.assert(
        fc.asyncProperty(sent, fc.boolean(), async (order, isParallel) => {
          run += 1;
          const id = idOf(`p${run}`);
          const put = (part: number) => putPart(store, id, part, parts[part] ?? whole);
          if (isParallel) await Promise.all(order.map(put));
          else for (const part of order) assert.deepEqual(await put(part), { code: "stored" });
          assert.deepEqual(await complete(store, id, whole), { code: "complete" });
          assert.ok((await readBlob(await store.openResult(contentOf(id, whole))))?.equals(whole));
          await store.deleteResult(id);
        }),
        { numRuns: orders, seed: 1 },
      );
    });
  });
}
