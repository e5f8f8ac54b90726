/** The journal's file, behind the core's Disk port. */
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import type { Disk } from "../core/ports.ts";
import { replaceFile, syncFolder } from "./durable.ts";
import { isErrno } from "./errno.ts";

export class JournalDisk implements Disk {
  readonly #file: string;
  #handle: FileHandle | null = null;
  #sizeBytes = 0;
  /** Bytes of a failed append may stand behind what counts. */
  #hasRemains = false;

  constructor(folder: string) {
    this.#file = path.join(folder, "journal.jsonl");
  }

  async readJournal(): Promise<Uint8Array | null> {
    try {
      return await readFile(this.#file);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return null;
      throw error;
    }
  }

  async appendJournal(bytes: Uint8Array): Promise<void> {
    this.#handle ??= await this.#open();
    const handle = this.#handle;
    try {
      // A shorter line over them would leave their end behind it.
      if (this.#hasRemains) await handle.truncate(this.#sizeBytes);
      this.#hasRemains = true;
      let written = 0;
      while (written < bytes.length) {
        written += (await handle.write(bytes, written, bytes.length - written, this.#sizeBytes + written)).bytesWritten;
      }
      await handle.datasync();
      this.#sizeBytes += bytes.length;
      this.#hasRemains = false;
    } catch (error) {
      // A line that is there in part, or wholly but perhaps not on disk, must not be read as a promise later. If even
      // this fails, the next append begins with it.
      await handle.truncate(this.#sizeBytes).then(
        () => {
          this.#hasRemains = false;
        },
        () => undefined,
      );
      throw error;
    }
  }

  async replaceJournal(bytes: Uint8Array): Promise<void> {
    // The old file stays open until the new one is there: where that fails, appends go on as before.
    await replaceFile(this.#file, bytes);
    await this.#close();
  }

  async setJournalAside(): Promise<void> {
    await rename(this.#file, `${this.#file}.broken`);
    await syncFolder(path.dirname(this.#file));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    this.#hasRemains = false;
    await handle?.close();
  }

  async #open(): Promise<FileHandle> {
    const handle = await open(this.#file, "r+");
    this.#sizeBytes = (await handle.stat()).size;
    return handle;
  }
}
