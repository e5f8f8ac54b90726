import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openAzure } from "../../../src/blobs/azure/open-azure.ts";
import type { BlobStore } from "../../../src/blobs/blob-store.ts";
import { openDiskBlobStore } from "../../../src/blobs/disk/disk-blob-store.ts";
import { ObjectBlobStore } from "../../../src/blobs/objects/object-blob-store.ts";
import type { ObjectStore } from "../../../src/blobs/objects/object-store.ts";
import { openS3 } from "../../../src/blobs/s3/open-s3.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { nextForConnection } from "../../../src/service/agents/next-order.ts";
import {
  actionForTransfer,
  completeResult,
  receiveResultPart,
  resultIdOf,
} from "../../../src/service/results/receive-result.ts";
import { complete, idOf, pattern, putPart, readBlob, sha256 } from "../../contract/blobs/blob-store.contract.ts";
import { type ObjectServer, startAzureServer, startS3Server } from "../../support/object-servers.ts";
import { PLAYBOOK, testServices } from "../../support/test-services.ts";

const deps = { random: randomBytes, nowMs: Date.now };
const UPLOAD_ID = "a".repeat(32);

const openObjects = async (server: ObjectServer, name: string): Promise<ObjectStore> => {
  const place = server.place(name);
  if (place.kind === "s3") return await openS3(place, server.credentials, deps);
  if (place.kind === "azure") return await openAzure(place, server.credentials, deps);
  throw new Error("a folder is no object store");
};

/**
 * The one of two contents whose SHA-256 is the larger comes first: parts are listed by their
 * SHA-256.
 */
const CONTENTS = [pattern(1_000, 1), pattern(1_000, 2)] as const;
const [CONTENT_A, CONTENT_B] =
  sha256(CONTENTS[0]) > sha256(CONTENTS[1]) ? CONTENTS : ([CONTENTS[1], CONTENTS[0]] as const);

/** An object store that keeps every whole back until it is released. */
function heldBack(objects: ObjectStore) {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const hold = async () => {
    begun.resolve();
    await released.promise;
  };
  const putBytes = objects.putBytes.bind(objects);
  objects.putBytes = async (key, bytes, digest) => {
    if (key.startsWith("results/")) await hold();
    await putBytes(key, bytes, digest);
  };
  return { begun: begun.promise, release: released.resolve };
}

async function* bytesOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

for (const [name, start] of [
  ["S3", startS3Server],
  ["Azure", startAzureServer],
] as const) {
  test(`one of two contents that two nodes complete at once in ${name} is the result, and the other one is refused`, async () => {
    await using server = await start();
    await using services = await testServices();
    const [first, second] = [await openObjects(server, "race"), await openObjects(server, "race")];
    const gate = heldBack(first);
    await using one = new ObjectBlobStore(first, randomBytes);
    await using other = new ObjectBlobStore(second, randomBytes);
    const { context } = services;
    const machine = await services.addMachine();
    const link = { machineId: machine.id, connectionEpoch: machine.connectionEpoch };
    const request = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };
    const started = await runLiveResponse(context, PLAYBOOK, machine.id, request);
    assert.ok(started.ok);
    const actionId = started.value.id;
    assert.equal((await nextForConnection(context, link)).type, "order");
    const resultId = resultIdOf(machine.id, actionId, 0, UPLOAD_ID);
    const fresh = async () => {
      const action = await actionForTransfer(context, link, actionId);
      assert.ok(action.ok);
      return action.value;
    };
    const described = (content: Buffer) => ({ sizeBytes: content.length, sha256: sha256(content) });
    const put = async (blobs: BlobStore, content: Buffer, body = bytesOf(content)) => {
      const part = { index: 0, uploadId: UPLOAD_ID, part: 0, ...described(content), body };
      assert.ok((await receiveResultPart({ ...context, blobs }, await fresh(), part)).ok);
    };
    const finish = async (blobs: BlobStore, content: Buffer) => {
      const whole = { partCount: 1, ...described(content) };
      const answer = await completeResult({ ...context, blobs }, await fresh(), 0, UPLOAD_ID, whole);
      return answer.ok ? "complete" : answer.error.code;
    };

    // The second node has looked for other contents already, and waits for the last bytes of its
    // own.
    const arrived = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const late = put(
      other,
      CONTENT_B,
      (async function* () {
        asked.resolve();
        await arrived.promise;
        yield CONTENT_B;
      })(),
    );
    await asked.promise;
    await put(one, CONTENT_A);
    const completingA = finish(one, CONTENT_A);
    await gate.begun;
    arrived.resolve();
    await late;
    const answerB = await finish(other, CONTENT_B);
    gate.release();
    const answerA = await completingA;

    assert.deepEqual([answerA, answerB].toSorted(), ["UploadMismatch", "complete"]);
    const winner = answerA === "complete" ? CONTENT_A : CONTENT_B;
    assert.equal(await finish(one, winner), "complete");
    assert.equal(await finish(other, winner === CONTENT_A ? CONTENT_B : CONTENT_A), "UploadMismatch");
    const row = await context.store.read((tx) => tx.results.upload(resultId));
    assert.deepEqual(row, described(winner));
    for (const blobs of [one, other]) {
      assert.deepEqual(await readBlob(await blobs.openResult({ resultId, sha256: sha256(winner) })), winner);
    }
    const kept: string[] = [];
    for await (const { key } of second.list("results/")) kept.push(key);
    assert.equal(kept.length, 1, "the content that lost is removed");
    assert.equal(await one.deleteResult(resultId), true);
    assert.equal(await other.openResult({ resultId, sha256: sha256(winner) }), null);
  });

  test(`a result that an earlier version stored in ${name} is read, linked to and removed, and one of another content is not read`, async () => {
    await using server = await start();
    const objects = await openObjects(server, "earlier");
    await using blobs = new ObjectBlobStore(objects, randomBytes);
    const bytes = pattern(1_000);
    const result = { resultId: idOf("earlier"), sha256: sha256(bytes) };
    await objects.putBytes(`results/${result.resultId}`, bytes, result.sha256);
    assert.deepEqual(await readBlob(await blobs.openResult(result)), bytes);
    assert.deepEqual(await readBlob(await blobs.openResult(result, { start: 10, end: 19 })), bytes.subarray(10, 20));
    assert.equal(await blobs.openResult({ ...result, sha256: sha256(pattern(5)) }), null);
    const link = { fileName: "x", contentType: "text/plain", expiresAtMs: Date.now() + 60_000 };
    const url = await blobs.directLink(result, link);
    assert.ok(url);
    assert.deepEqual(Buffer.from(await (await fetch(url)).arrayBuffer()), bytes);
    assert.deepEqual(await putPart(blobs, result.resultId, 0, pattern(7)), { code: "stored" });
    assert.deepEqual(await complete(blobs, result.resultId, bytes), { code: "complete" });
    assert.equal((await complete(blobs, result.resultId, pattern(7))).code, "UploadMismatch");
    assert.equal(await blobs.deleteResult(result.resultId), true);
    assert.equal(await blobs.openResult(result), null);
  });
}

test("completions on disk at the same time name one content, in whatever order parts come between them", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "halligan-two-"));
  t.after(() => rm(folder, { recursive: true }));
  const store = await openDiskBlobStore({ folder, random: randomBytes });
  for (let run = 0; run < 60; run += 1) {
    const resultId = idOf(`two-${run}`);
    await putPart(store, resultId, 0, CONTENT_A);
    const late = Array.from({ length: 1 + (run % 3) }, () => putPart(store, resultId, 0, CONTENT_B));
    const completions = [CONTENT_A, CONTENT_B, CONTENT_A, CONTENT_B].map(async (content: Buffer, n) => {
      for (let turn = 0; turn < (run * (n + 1)) % 7; turn += 1) await new Promise(setImmediate);
      if (n % 2 === 1) late.push(putPart(store, resultId, 0, CONTENT_B));
      const { code } = await complete(store, resultId, content);
      return { content, code };
    });
    const answers = await Promise.all(completions);
    await Promise.all(late);
    const winners = new Set(answers.flatMap(({ code, content }) => (code === "complete" ? [sha256(content)] : [])));
    assert.ok(winners.size <= 1, `run ${run}: ${JSON.stringify(answers.map(({ code }) => code))}`);
    for (const winner of winners) {
      const bytes = await readBlob(await store.openResult({ resultId, sha256: winner }));
      assert.equal(sha256(bytes ?? Buffer.alloc(0)), winner);
      for (const content of [CONTENT_A, CONTENT_B]) {
        const { code } = await complete(store, resultId, content);
        assert.equal(code, sha256(content) === winner ? "complete" : "UploadMismatch");
      }
    }
  }
});
