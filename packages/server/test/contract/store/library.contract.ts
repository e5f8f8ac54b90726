import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "../../../src/store/store.ts";

/** The part of the store contract about library files and their content. */
export function describeLibrary(store: () => Store): void {
  test("a library file has one present version; replaced and removed ones are history", async () => {
    const file = {
      fileName: "a.sh",
      sha256: "1".repeat(64),
      sizeBytes: 2,
      description: null,
      hasParameters: true,
      parametersDescription: "x",
      createdBy: "a",
      createdAtMs: 1,
      ownerId: "c1",
      ownerAccountId: "c9",
      deviceGroups: [0, 3],
      updatedBy: "a",
      updatedAtMs: 1,
    };
    await store().write((tx) => tx.library.insert(file));
    await assert.rejects(store().write((tx) => tx.library.insert(file)));
    assert.deepEqual(await store().read((tx) => tx.library.byName("a.sh")), file);
    assert.equal(await store().write((tx) => tx.library.end("a.sh", 5)), true);
    assert.equal(await store().write((tx) => tx.library.end("a.sh", 5)), false);
    assert.equal(await store().read((tx) => tx.library.byName("a.sh")), undefined);
    await store().write((tx) => tx.library.insert({ ...file, sha256: "2".repeat(64) }));
    assert.equal((await store().read((tx) => tx.library.list())).length, 1);
  });

  test("content of the library is marked when every file with it has ended before, and a mark stays until its bytes are gone", async () => {
    const [gone, shared, recent] = ["a", "b", "c"].map((digit) => digit.repeat(64));
    const rows = [
      { fileName: "gone.sh", sha256: gone, endsAtMs: 10 },
      { fileName: "shared.sh", sha256: shared, endsAtMs: 10 },
      { fileName: "present.sh", sha256: shared, endsAtMs: null },
      { fileName: "old.sh", sha256: recent, endsAtMs: 10 },
      { fileName: "recent.sh", sha256: recent, endsAtMs: 20 },
    ];
    const about = { sizeBytes: 1, description: null, hasParameters: false, parametersDescription: null };
    const owner = { ownerId: "a", ownerAccountId: "a", deviceGroups: null };
    const by = { createdBy: "a", createdAtMs: 1, updatedBy: "a", updatedAtMs: 1, ...owner };
    for (const { fileName, sha256 = "", endsAtMs } of rows) {
      await store().write((tx) => tx.library.insert({ fileName, sha256, ...about, ...by }));
      if (endsAtMs !== null) await store().write((tx) => tx.library.end(fileName, endsAtMs));
    }
    const mark = (beforeMs: number) =>
      store().write(async (tx) => {
        await tx.library.lockContents();
        const marked = await tx.library.markUnused(beforeMs, 100);
        return marked.filter((one) => [gone, shared, recent].includes(one));
      });
    assert.deepEqual(await mark(10), []);
    assert.deepEqual(await mark(11), [gone]);
    assert.deepEqual(await mark(11), [gone], "until it is removed");
    assert.equal(await store().read((tx) => tx.library.isBeingRemoved(gone ?? "")), true);
    assert.equal(await store().write((tx) => tx.library.markRemoved(gone ?? "")), true);
    assert.equal(await store().write((tx) => tx.library.markRemoved(gone ?? "")), false);
    assert.equal(await store().read((tx) => tx.library.isBeingRemoved(gone ?? "")), false);
    assert.deepEqual(await mark(21), [recent]);
  });
}
