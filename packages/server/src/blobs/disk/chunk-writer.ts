import type { FileHandle } from "node:fs/promises";
import type { WriteChunks } from "../disk-files.ts";

/**
 * Memory that one file being written holds at most is twice this: one batch is written while the
 * next one is received. A socket gives 64 KiB at a time; one write for each costs the event loop a
 * fifth of the processor time of an upload.
 */
const BATCH_BYTES = 512 * 1024;
/** Bounds the pieces of a batch, which a sender may make as small as it likes. */
const BATCH_CHUNKS = 64;

/**
 * Writes a file in sequence, many chunks at a time. A chunk must keep its content until
 * {@link end} has resolved.
 */
export class ChunkWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #write: WriteChunks;
  #chunks: Uint8Array[] = [];
  #batchBytes = 0;
  #position: number;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle, write: WriteChunks, position: number) {
    this.#file = file;
    this.#write = write;
    this.#position = position;
  }

  /** Resolves when another chunk may be added. @throws the error of an earlier write */
  async add(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk);
    this.#batchBytes += chunk.length;
    if (this.#batchBytes >= BATCH_BYTES || this.#chunks.length >= BATCH_CHUNKS) await this.#begin();
  }

  /** Resolves when all chunks are written, not yet synced. @throws the error of a write */
  async end(): Promise<void> {
    await this.#begin();
    await this.#writing;
  }

  /** The file may be closed afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  async #begin(): Promise<void> {
    await this.#writing;
    if (this.#chunks.length === 0) return;
    this.#writing = this.#write(this.#file, this.#chunks, this.#position);
    // It is awaited with the next batch, which may be never asked for.
    this.#writing.catch(() => undefined);
    this.#position += this.#batchBytes;
    this.#chunks = [];
    this.#batchBytes = 0;
  }
}
