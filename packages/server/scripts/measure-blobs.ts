/**
 * How fast bytes go through each blob store, and how much memory this process takes for it: 256 MiB
 * as 32 parts, put one after the other, completed, read. The object stores are the tests' own, on
 * this machine: the figures compare our way with a plain PUT and GET of the same bytes (the
 * baseline), they do not say what S3 or Azure can do. Run with `node --expose-gc`, so that the
 * memory is not yesterday's.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PART_BYTES } from "@halligan/protocol/link";
import type { BlobStore } from "../src/blobs/blob-store.ts";
import { openBlobStore } from "../src/blobs/open-blob-store.ts";
import { type ObjectServer, startAzureServer, startS3Server } from "../test/support/object-servers.ts";

const PARTS = 32;
const MIB = 1024 * 1024;
const GROWTH_LIMIT_MIB = 64;
const deps = { random: randomBytes, nowMs: Date.now };
const part = randomBytes(PART_BYTES);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const wholeHash = createHash("sha256");
for (let i = 0; i < PARTS; i += 1) wholeHash.update(part);
const whole = { partCount: PARTS, sizeBytes: PARTS * PART_BYTES, sha256: wholeHash.digest("hex") };

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < part.length; at += 65_536) yield part.subarray(at, at + 65_536);
}

async function putAll(store: BlobStore, resultId: string, parts: number): Promise<void> {
  for (let number = 0; number < parts; number += 1) {
    const answer = await store.putResultPart({
      resultId,
      part: number,
      body: chunks(),
      sizeBytes: PART_BYTES,
      sha256: sha256(part),
    });
    if (answer.code !== "stored") throw new Error(answer.code);
  }
}

async function drain(stream: AsyncIterable<Uint8Array> | null | undefined): Promise<void> {
  for await (const _ of stream ?? []);
}

async function laps(name: string, steps: Readonly<Record<string, () => Promise<void>>>): Promise<void> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const figures: string[] = [];
  for (const [step, run] of Object.entries(steps)) {
    const beganAt = performance.now();
    await run();
    const seconds = (performance.now() - beganAt) / 1_000;
    figures.push(`${step} ${Math.round(whole.sizeBytes / 1e6 / seconds)} MB/s`);
  }
  clearInterval(watch);
  const growthMiB = Math.round((peak - before) / MIB);
  process.stdout.write(`${name.padEnd(14)} ${figures.join(", ")}; memory grew by ${growthMiB} MiB\n`);
  if (!name.endsWith("baseline") && growthMiB >= GROWTH_LIMIT_MIB) process.exitCode = 1;
}

async function measure(name: string, store: BlobStore): Promise<void> {
  const [warm, resultId] = [randomBytes(32).toString("hex"), randomBytes(32).toString("hex")];
  await putAll(store, warm, 1);
  await store.deleteResult(warm);
  await laps(name, {
    put: () => putAll(store, resultId, PARTS),
    async complete() {
      const answer = await store.completeResult({ resultId, ...whole });
      if (answer.code !== "complete") throw new Error(answer.code);
    },
    get: async () => await drain((await store.openResult({ resultId, sha256: whole.sha256 }))?.stream),
  });
  await store.deleteResult(resultId);
}

async function measureBaseline(name: string, server: ObjectServer): Promise<void> {
  const headers = { "x-ms-blob-type": "BlockBlob", "content-length": String(PART_BYTES) };
  const urls = Array.from({ length: PARTS }, (_, number) => server.bareUrl(String(number)));
  await laps(`${name} baseline`, {
    async put() {
      for (const url of urls) {
        sha256(part);
        const { ok, status } = await fetch(url, { method: "PUT", body: part, headers });
        if (!ok) throw new Error(`the baseline's PUT was answered ${status}`);
      }
    },
    async get() {
      for (const url of urls) await drain((await fetch(url)).body);
    },
  });
}

const folder = await mkdtemp(join(tmpdir(), "halligan-measure-"));
try {
  await using disk = await openBlobStore({ kind: "folder", folder }, {}, deps);
  await measure("disk", disk);
} finally {
  await rm(folder, { recursive: true });
}
for (const [name, start] of [
  ["S3", startS3Server],
  ["Azure", startAzureServer],
] as const) {
  await using server = await start();
  await using store = await openBlobStore(server.place("measure"), server.credentials, deps);
  await measureBaseline(name, server);
  await measure(name, store);
}
