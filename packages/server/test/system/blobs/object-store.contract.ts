import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, type TestContext, test } from "node:test";
import { PART_BYTES } from "@halligan/protocol/link";
import { BlobStoreNotOpenedError } from "../../../src/blobs/blob-credentials.ts";
import { type BlobStore, BlobStoreUnavailableError } from "../../../src/blobs/blob-store.ts";
import { openBlobStore } from "../../../src/blobs/open-blob-store.ts";
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
} from "../../contract/blobs/blob-store.contract.ts";
import { located, type ObjectServer } from "../../support/object-servers.ts";

const deps = { random: randomBytes, nowMs: Date.now };

/**
 * The additional behaviour of a blob store in an object store. `altered`: parameters of a direct
 * link whose change the test server detects; s3rver does not check signatures.
 */
export function describeObjectStore(
  name: string,
  start: () => Promise<ObjectServer>,
  altered: readonly string[],
): void {
  let server: ObjectServer;
  let places = 0;
  before(async () => {
    server = await start();
  });
  after(() => server[Symbol.asyncDispose]());

  /** Any number of nodes on one location. */
  async function nodes(t: TestContext, count: number): Promise<(BlobStore & AsyncDisposable)[]> {
    places += 1;
    const place = server.place(`place-${places}`);
    const opened = await Promise.all(
      Array.from({ length: count }, () => openBlobStore(place, server.credentials, deps)),
    );
    for (const store of opened) t.after(() => store[Symbol.asyncDispose]());
    return opened;
  }
  async function open(t: TestContext): Promise<BlobStore> {
    const [store] = await nodes(t, 1);
    assert.ok(store);
    return store;
  }

  // Fewer sequences than on disk, because each one is some ten transfers of 8 MiB to another
  // process.
  describeBlobStore(name, open, 3);

  describe(`${name}, in an object store`, () => {
    test("any node takes any part, the first two at once too, and any node completes", async (t) => {
      const [one, other, third] = await nodes(t, 3);
      assert.ok(one && other && third);
      const whole = pattern(2 * PART_BYTES + 77);
      const [first = whole, second = whole, last = whole] = partsOf(whole);
      const answers = await Promise.all([
        putPart(one, idOf("n"), 0, first),
        putPart(other, idOf("n"), 0, first),
        putPart(other, idOf("n"), 1, second),
        putPart(one, idOf("n"), 2, last),
      ]);
      for (const answer of answers) assert.deepEqual(answer, { code: "stored" });
      assert.equal((await putPart(third, idOf("n"), 1, pattern(PART_BYTES, 5))).code, "PartMismatch");
      assert.deepEqual(await complete(third, idOf("n"), whole), { code: "complete" });
      assert.ok((await readBlob(await one.openResult(contentOf(idOf("n"), whole))))?.equals(whole));
    });

    test("a result of more parts than are in memory at a time comes out as it went in", async (t) => {
      const store = await open(t);
      const whole = pattern(5 * PART_BYTES + 3);
      await Promise.all(partsOf(whole).map((bytes, part) => putPart(store, idOf("many"), part, bytes)));
      assert.deepEqual(await complete(store, idOf("many"), whole), { code: "complete" });
      assert.equal(
        sha256((await readBlob(await store.openResult(contentOf(idOf("many"), whole)))) ?? Buffer.alloc(0)),
        sha256(whole),
      );
    });

    test("nodes that complete one result at the same time all answer that it is complete", async (t) => {
      const stores = await nodes(t, 3);
      const [one] = stores;
      assert.ok(one);
      const whole = pattern(PART_BYTES + 9);
      for (const [part, bytes] of partsOf(whole).entries()) await putPart(one, idOf("t"), part, bytes);
      const answers = await Promise.all([...stores, ...stores].map((store) => complete(store, idOf("t"), whole)));
      for (const answer of answers) assert.deepEqual(answer, { code: "complete" });
      assert.ok((await readBlob(await one.openResult(contentOf(idOf("t"), whole))))?.equals(whole));
      assert.equal(await one.sweepPartials(-3_600_000, Date.now()), 0);
    });

    test("library content larger than a part is whole, and too large says the limit", async (t) => {
      const store = await open(t);
      const bytes = pattern(PART_BYTES + 300_001, 4);
      const stored = { code: "stored", sha256: sha256(bytes), sizeBytes: bytes.length };
      assert.deepEqual(await store.putLibrary(inChunks(bytes, 100_003), { limitBytes: bytes.length }), stored);
      assert.ok((await readBlob(await store.openLibrary(sha256(bytes))))?.equals(bytes));
      assert.deepEqual(await store.putLibrary(inChunks(bytes, 100_003), { limitBytes: bytes.length - 1 }), {
        code: "TooLarge",
        limitBytes: bytes.length - 1,
      });
      assert.equal(await store.sweepPartials(-3_600_000, Date.now()), 0);
    });

    test("a sweep takes what is old by the store's clock, whatever ours says", async (t) => {
      const store = await open(t);
      const bytes = pattern(1_000);
      await putPart(store, idOf("s1"), 0, bytes);
      await putPart(store, idOf("s2"), 0, bytes);
      await putPart(store, idOf("kept"), 0, bytes);
      await complete(store, idOf("kept"), bytes);
      assert.equal(await store.sweepPartials(3_600_000, Date.now() + 365 * 86_400_000), 0);
      // One hour ahead of the store's clock, so that every upload is older.
      assert.equal(await store.sweepPartials(-3_600_000, Date.now()), 2);
      assert.deepEqual(await complete(store, idOf("s1"), bytes), { code: "UploadIncomplete", missingParts: [0] });
      assert.deepEqual(await readBlob(await store.openResult(contentOf(idOf("kept"), bytes))), bytes);
    });

    test("a part beyond what the store can hold in one object is refused with the limit", async (t) => {
      const store = await open(t);
      assert.ok(store.maxResultBytes !== undefined);
      const part = store.maxResultBytes / PART_BYTES;
      const answer = await putPart(store, idOf("far"), part, pattern(10));
      assert.ok(answer.code === "PartMismatch" && answer.detail.includes(String(part)));
      assert.deepEqual(await putPart(store, idOf("far"), part - 1, pattern(10)), { code: "stored" });
    });

    test("a direct link gives the bytes under their name, and none before the result is complete", async (t) => {
      const store = await open(t);
      const bytes = pattern(5_000);
      const expiresAtMs = Date.now() + 60_000;
      const link = { fileName: 'a "b"; ü.txt.gz', contentType: "application/gzip", expiresAtMs };
      await putPart(store, idOf("l"), 0, bytes);
      assert.equal(await store.directLink?.(contentOf(idOf("l"), bytes), link), null);
      await complete(store, idOf("l"), bytes);
      const url = await store.directLink?.(contentOf(idOf("l"), bytes), link);
      assert.ok(url);
      const answer = await fetch(url);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "application/gzip");
      assert.equal(answer.headers.get("content-length"), "5000");
      assert.equal(answer.headers.get("content-encoding"), null);
      assert.equal(answer.headers.get("content-disposition"), 'attachment; filename="a%20%22b%22%3B%20%C3%BC.txt.gz"');
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes);
      assert.equal(
        await store.directLink?.(contentOf(idOf("l"), bytes), { ...link, expiresAtMs: Date.now() - 1_000 }),
        null,
      );
      await assert.rejects(async () => await store.directLink?.(contentOf("../l", bytes), link), TypeError);
    });

    test("a direct link is refused when it has expired or was altered", async (t) => {
      const store = await open(t);
      const bytes = pattern(50);
      await putPart(store, idOf("x"), 0, bytes);
      await complete(store, idOf("x"), bytes);
      // A node whose clock is two hours late, with a link that was valid for one hour.
      const nowMs = () => Date.now() - 2 * 3_600_000;
      await using earlier = await openBlobStore(server.place(`place-${places}`), server.credentials, {
        ...deps,
        nowMs,
      });
      const link = { fileName: "x", contentType: "text/plain" };
      const old = await earlier.directLink?.(contentOf(idOf("x"), bytes), {
        ...link,
        expiresAtMs: Date.now() - 3_600_000,
      });
      assert.ok(old);
      assert.equal((await fetch(old)).status, 403);
      const good = await store.directLink?.(contentOf(idOf("x"), bytes), {
        ...link,
        expiresAtMs: Date.now() + 3_600_000,
      });
      assert.ok(good);
      for (const name of altered) {
        const other = new URL(good);
        other.searchParams.set(name, `1${good.searchParams.get(name)}`);
        assert.equal((await fetch(other)).status, 403, name);
      }
      assert.equal((await fetch(good)).status, 200);
    });

    test("a part that breaks off or turns out wrong after megabytes is not there, for any node", async (t) => {
      const [one, other] = await nodes(t, 2);
      assert.ok(one && other);
      const bytes = pattern(3 * 1024 * 1024);
      async function* broken() {
        yield* inChunks(bytes.subarray(0, 2 * 1024 * 1024));
        throw new Error("connection lost");
      }
      const part = { resultId: idOf("b"), part: 0, sizeBytes: bytes.length, sha256: sha256(bytes) };
      await assert.rejects(one.putResultPart({ ...part, body: broken() }), /connection lost/);
      const wrong = Buffer.from(bytes);
      wrong.fill(0, wrong.length - 1);
      assert.equal((await one.putResultPart({ ...part, body: inChunks(wrong) })).code, "PartMismatch");
      assert.deepEqual(await complete(other, idOf("b"), bytes), { code: "UploadIncomplete", missingParts: [0] });
      assert.equal(await other.deleteResult(idOf("b")), false);
      assert.deepEqual(await putPart(other, idOf("b"), 0, bytes), { code: "stored" });
      assert.deepEqual(await complete(one, idOf("b"), bytes), { code: "complete" });
    });

    test("a node that stops gives up what it makes whole, and another completes it", async (t) => {
      const [one, other] = await nodes(t, 2);
      assert.ok(one && other);
      const whole = pattern(PART_BYTES + 1);
      for (const [part, bytes] of partsOf(whole).entries()) await putPart(one, idOf("stop"), part, bytes);
      const completing = complete(one, idOf("stop"), whole);
      const [ended] = await Promise.allSettled([completing, one[Symbol.asyncDispose]()]);
      assert.ok(ended.status === "rejected" && ended.reason instanceof BlobStoreUnavailableError);
      assert.deepEqual(await complete(other, idOf("stop"), whole), { code: "complete" });
    });

    test("wrong credentials and a missing location are reported by the names of their settings", async () => {
      const place = server.place("nowhere");
      const secrets = Object.values(server.credentials);
      const elsewhere = located(
        place.kind === "azure"
          ? `azure://${place.account}/missing?endpoint=${server.endpoint}`
          : `s3://missing?pathStyle=true&endpoint=${server.endpoint}`,
      );
      await refused(elsewhere, server.credentials, /HALLIGAN_BLOBS.* no (bucket|container) missing/, secrets);
      const wrong = {
        s3AccessKeyId: "NOBODY",
        s3SecretAccessKey: "wrong-secret",
      };
      const azureWrong = { azureAccountKey: Buffer.alloc(64, 7).toString("base64") };
      const [credentials, said] =
        place.kind === "azure"
          ? [azureWrong, /HALLIGAN_AZURE_ACCOUNT_KEY is refused/]
          : [wrong, /HALLIGAN_S3_ACCESS_KEY_ID/];
      await refused(place, credentials, said, Object.values(credentials));
    });

    test("a store that cannot be reached is reported when it opens, and is unavailable later", async (t) => {
      const gone = await start();
      const place = gone.place("gone");
      const store = await openBlobStore(place, gone.credentials, deps);
      t.after(() => store[Symbol.asyncDispose]());
      await gone[Symbol.asyncDispose]();
      const bytes = pattern(100);
      await assert.rejects(store.openResult(contentOf(idOf("u"), bytes)), BlobStoreUnavailableError);
      await assert.rejects(putPart(store, idOf("u"), 0, bytes), BlobStoreUnavailableError);
      await assert.rejects(store.putLibrary(inChunks(bytes), { limitBytes: 100 }), BlobStoreUnavailableError);
      await refused(place, gone.credentials, /HALLIGAN_BLOBS.*127\.0\.0\.1.*cannot be reached/, []);
    });
  });
}

async function refused(
  place: Parameters<typeof openBlobStore>[0],
  credentials: Parameters<typeof openBlobStore>[1],
  said: RegExp,
  secrets: readonly string[],
): Promise<void> {
  await assert.rejects(openBlobStore(place, credentials, deps), (error) => {
    assert.ok(error instanceof BlobStoreNotOpenedError, String(error));
    assert.match(error.message, said);
    for (const secret of secrets) assert.ok(!error.message.includes(secret), "a secret is in the message");
    return true;
  });
}
