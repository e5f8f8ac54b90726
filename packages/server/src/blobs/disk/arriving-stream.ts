import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { ChunkMemory } from "../file-stream.ts";
import type { Arrival } from "./arrivals.ts";

/** The upload that is read was removed: it failed, was replaced or was given up. */
export class UploadRemovedError extends Error {
  override readonly name = "UploadRemovedError";

  constructor() {
    super("the upload was removed before it was complete");
  }
}

/**
 * The durable bytes of an upload from `start` on. It waits for further parts, and ends only after
 * the completion, which verified the SHA-256. The file is closed with the stream, and `follow`
 * disposed. A reader that does not read holds two chunks and a file handle; the upload does not
 * wait for it.
 */
export class ArrivingStream extends Readable {
  readonly #file: FileHandle;
  readonly #arrival: Arrival;
  readonly #follow: Disposable;
  readonly #memory = new ChunkMemory();
  readonly #over = new AbortController();
  #position: number;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(file: FileHandle, follow: { readonly arrival: Arrival } & Disposable, start: number) {
    super({ objectMode: true, highWaterMark: 1 });
    this.#file = file;
    this.#arrival = follow.arrival;
    this.#follow = follow;
    this.#position = start;
  }

  recycle(chunk: Uint8Array): void {
    this.#memory.recycle(chunk);
  }

  override _read(): void {
    this.#reading = this.#readChunk().then(
      (chunk) => this.push(chunk),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#follow[Symbol.dispose]();
    this.#over.abort();
    const close = () => this.#file.close();
    this.#reading.then(close).then(
      () => done(error),
      (fault: Error) => done(error ?? fault),
    );
  }

  async #readChunk(): Promise<Buffer | null> {
    await this.#arrival.beyond(this.#position, this.#over.signal);
    if (this.#over.signal.aborted) return null;
    if (this.#arrival.state === "gone") throw new UploadRemovedError();
    const chunk = await this.#memory.read(this.#file, this.#position, this.#arrival.durableBytes - this.#position);
    if (chunk === null && this.#arrival.state !== "complete") throw new UploadRemovedError();
    this.#position += chunk?.length ?? 0;
    return chunk;
  }
}
