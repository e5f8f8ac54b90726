import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { PART_BYTES } from "@halligan/protocol/link";
import { BlobStoreNotOpenedError } from "../../../src/blobs/blob-credentials.ts";
import { openBlobStore } from "../../../src/blobs/open-blob-store.ts";
import {
  complete,
  contentOf,
  idOf,
  inChunks,
  partsOf,
  pattern,
  putPart,
} from "../../contract/blobs/blob-store.contract.ts";
import { located, type S3Server, startS3Server } from "../../support/object-servers.ts";
import { describeObjectStore } from "./object-store.contract.ts";

describeObjectStore("the S3 blob store", startS3Server, ["X-Amz-Credential"]);

describe("of S3 alone", () => {
  const deps = { random: randomBytes, nowMs: Date.now };
  let server: S3Server;
  before(async () => {
    server = await startS3Server();
  });
  after(() => server[Symbol.asyncDispose]());

  test("a full bucket is said, and the same part is taken when there is room again", async () => {
    await using store = await openBlobStore(server.place("full"), server.credentials, deps);
    const bytes = pattern(100_000);
    await putPart(store, idOf("kept"), 0, bytes);
    await server.setFull(true);
    assert.deepEqual(await putPart(store, idOf("f"), 0, bytes), { code: "InsufficientStorage" });
    assert.deepEqual(await complete(store, idOf("kept"), bytes), { code: "InsufficientStorage" });
    assert.deepEqual(await store.putLibrary(inChunks(bytes), { limitBytes: 100_000 }), { code: "InsufficientStorage" });
    await server.setFull(false);
    assert.deepEqual(await putPart(store, idOf("f"), 0, bytes), { code: "stored" });
    assert.deepEqual(await complete(store, idOf("kept"), bytes), { code: "complete" });
  });

  test("a sweep aborts multipart uploads that a crash has left, and no other uploads", async () => {
    await using store = await openBlobStore(server.place("mine"), server.credentials, deps);
    const client = new S3Client({
      endpoint: server.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
    });
    const [mine, others] = [`mine/results/${idOf("m")}`, `others/results/${idOf("m")}`];
    for (const Key of [mine, others]) await client.send(new CreateMultipartUploadCommand({ Bucket: "halligan", Key }));
    const unfinished = async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: "halligan" }));
      return Uploads.map(({ Key }) => Key).sort();
    };
    await store.sweepPartials(3_600_000, Date.now());
    assert.deepEqual(await unfinished(), [mine, others]);
    await store.sweepPartials(-3_600_000, Date.now());
    assert.deepEqual(await unfinished(), [others]);
    client.destroy();
  });

  test("an Authorization header with a direct link is refused with 400", async () => {
    await using store = await openBlobStore(server.place("both"), server.credentials, deps);
    const bytes = pattern(10);
    await putPart(store, idOf("h"), 0, bytes);
    await complete(store, idOf("h"), bytes);
    const expiresAtMs = Date.now() + 60_000;
    const url = await store.directLink?.(contentOf(idOf("h"), bytes), {
      fileName: "h",
      contentType: "text/plain",
      expiresAtMs,
    });
    assert.ok(url);
    assert.equal((await fetch(url, { headers: { authorization: "Bearer token" } })).status, 400);
  });

  test("downloads that take nothing hold no socket that other calls need", { timeout: 60_000 }, async () => {
    await using store = await openBlobStore(server.place("unread"), server.credentials, deps);
    const whole = pattern(2 * PART_BYTES);
    for (const [part, bytes] of partsOf(whole).entries()) await putPart(store, idOf("unread"), part, bytes);
    await complete(store, idOf("unread"), whole);
    using held = new DisposableStack();
    const download = async () => {
      const blob = await store.openResult(contentOf(idOf("unread"), whole));
      assert.ok(blob);
      held.defer(() => blob.stream.destroy());
    };
    for (let n = 0; n < 64; n += 1) await download();
    assert.deepEqual(await putPart(store, idOf("next"), 0, pattern(10)), { code: "stored" });
    await download();
  });

  test("half of the credentials is refused by the names of both", async () => {
    const place = located("s3://bucket?region=eu-central-1");
    for (const credentials of [{ s3AccessKeyId: "id" }, { s3SecretAccessKey: "a secret" }]) {
      await assert.rejects(openBlobStore(place, credentials, deps), (error) => {
        assert.ok(error instanceof BlobStoreNotOpenedError);
        return /HALLIGAN_S3_ACCESS_KEY_ID and HALLIGAN_S3_SECRET_ACCESS_KEY go together/.test(error.message);
      });
    }
  });
});
