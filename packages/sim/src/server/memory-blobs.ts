import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { BlobStore, ResultContent } from "@halligan/server/simulation";
import type { World } from "../world/world.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/**
 * Blobs that are durable as soon as a write is acknowledged, as on disk. They survive every crash
 * of the server.
 */
export class MemoryBlobs implements BlobStore {
  readonly #world: World;
  readonly #library = new Map<string, Uint8Array>();
  readonly #parts = new Map<string, Map<number, Uint8Array>>();
  readonly #results = new Map<string, Uint8Array>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The content of a result, for the oracle. */
  result(resultId: string): Uint8Array | undefined {
    return this.#results.get(resultId);
  }

  async putLibrary(body: AsyncIterable<Uint8Array>): ReturnType<BlobStore["putLibrary"]> {
    const bytes = await gather(body);
    const digest = sha256(bytes);
    this.#library.set(digest, bytes);
    return { code: "stored", sha256: digest, sizeBytes: bytes.length };
  }

  async openLibrary(digest: string): ReturnType<BlobStore["openLibrary"]> {
    const bytes = this.#library.get(digest);
    return bytes ? { sizeBytes: bytes.length, stream: Readable.from([bytes]) } : null;
  }

  async statLibrary(digest: string): ReturnType<BlobStore["statLibrary"]> {
    const bytes = this.#library.get(digest);
    return bytes ? { sizeBytes: bytes.length } : null;
  }

  async deleteLibrary(digest: string): Promise<boolean> {
    return this.#library.delete(digest);
  }

  async putResultPart({
    resultId,
    part,
    body,
    sha256: announced,
  }: Parameters<BlobStore["putResultPart"]>[0]): ReturnType<BlobStore["putResultPart"]> {
    if (this.#results.has(resultId)) return { code: "stored" };
    if (this.#world.injectFault("server disk full", 0.02)) return { code: "InsufficientStorage" };
    const bytes = await gather(body);
    if (sha256(bytes) !== announced) return { code: "PartMismatch", detail: "another SHA-256 was announced" };
    await this.#world.delay(0, 5);
    const parts = this.#parts.get(resultId) ?? new Map<number, Uint8Array>();
    this.#parts.set(resultId, parts.set(part, bytes));
    return { code: "stored" };
  }

  async completeResult({
    resultId,
    partCount,
    sha256: announced,
  }: Parameters<BlobStore["completeResult"]>[0]): ReturnType<BlobStore["completeResult"]> {
    if (this.#results.has(resultId)) return { code: "complete" };
    const parts = this.#parts.get(resultId) ?? new Map<number, Uint8Array>();
    const wanted = Array.from({ length: partCount }, (_, part) => part);
    const missingParts = wanted.filter((part) => !parts.has(part));
    if (missingParts.length > 0) return { code: "UploadIncomplete", missingParts };
    const bytes = Buffer.concat(wanted.map((part) => parts.get(part) ?? new Uint8Array()));
    if (sha256(bytes) !== announced) return { code: "UploadMismatch", detail: "another SHA-256 was announced" };
    await this.#world.delay(0, 5);
    this.#results.set(resultId, bytes);
    this.#parts.delete(resultId);
    return { code: "complete" };
  }

  async statResult({ resultId }: ResultContent): ReturnType<BlobStore["statResult"]> {
    const bytes = this.#results.get(resultId);
    return bytes ? { sizeBytes: bytes.length } : null;
  }

  async openResult({ resultId }: ResultContent): ReturnType<BlobStore["openResult"]> {
    const bytes = this.#results.get(resultId);
    return bytes ? { sizeBytes: bytes.length, stream: Readable.from([bytes]) } : null;
  }

  async deleteResult(resultId: string): Promise<boolean> {
    this.#parts.delete(resultId);
    return this.#results.delete(resultId);
  }

  async sweepPartials(): Promise<number> {
    return 0;
  }
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
