import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { openDiskBlobStore } from "../../../src/blobs/disk/disk-blob-store.ts";
import { readConfig } from "../../../src/config/config.ts";
import { readBackendSettings } from "../../../src/setup/backend-settings.ts";
import { backUp } from "../../../src/setup/backup.ts";
import { loadKeys } from "../../../src/setup/keys/keys.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";

test("while results keep coming in, each backup opens and has the bytes of every result that its database refers to", async () => {
  const root = await mkdtemp(join(tmpdir(), "halligan-backup-"));
  const dataDir = join(root, "data");
  await mkdir(dataDir);
  await loadKeys({ folder: join(dataDir, "keys"), makes: true });
  const store = await SqliteStore.open(join(dataDir, "halligan.db"));
  const blobs = await openDiskBlobStore({ folder: join(dataDir, "blobs"), random: randomBytes });
  const known: { resultId: string; sha256: string }[] = [];
  let isOver = false;
  const receiveResults = async () => {
    while (!isOver) {
      const resultId = randomBytes(32).toString("hex");
      const content = randomBytes(2_000);
      const whole = {
        resultId,
        partCount: 1,
        sizeBytes: content.length,
        sha256: createHash("sha256").update(content).digest("hex"),
      };
      await blobs.putResultPart({ ...whole, part: 0, body: Readable.from([content]) });
      assert.equal((await blobs.completeResult(whole)).code, "complete");
      await store.write((tx) => tx.results.insertUpload({ ...whole, actionId: "a", completedAtMs: 1 }));
      known.push(whole);
    }
  };
  try {
    const receiving = Promise.all([receiveResults(), receiveResults(), receiveResults()]);
    const config = readConfig({ HALLIGAN_DATA_DIR: dataDir });
    for (let n = 0; n < 5; n += 1) {
      const before = known.length;
      const folder = join(root, `backup-${n}`);
      const { missing, blobs: copied } = await backUp(config, readBackendSettings(config, {}), folder);
      assert.deepEqual(missing, []);
      assert.ok(copied !== null && copied >= before);
      const restored = await SqliteStore.open(join(folder, "halligan.db"));
      const bytes = await openDiskBlobStore({ folder: join(folder, "blobs"), random: randomBytes });
      try {
        let referred = 0;
        for (const { resultId, sha256 } of known) {
          if (!(await restored.read((tx) => tx.results.upload(resultId)))) continue;
          referred += 1;
          const blob = await bytes.openResult({ resultId, sha256 });
          assert.ok(blob, `${resultId} has a row and no bytes`);
          const hash = createHash("sha256");
          for await (const chunk of blob.stream) hash.update(chunk);
          assert.equal(hash.digest("hex"), sha256);
        }
        assert.ok(referred >= before, "what was answered before the backup is in it");
      } finally {
        await restored.close();
      }
      assert.deepEqual(await readFile(join(folder, "keys/order.pem")), await readFile(join(dataDir, "keys/order.pem")));
    }
    isOver = true;
    await receiving;
    assert.deepEqual(
      (await readdir(root)).filter((name) => name.startsWith(".")),
      [],
    );
  } finally {
    isOver = true;
    await store.close().catch(() => undefined);
    await rm(root, { recursive: true, force: true });
  }
});
