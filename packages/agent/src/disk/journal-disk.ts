/** The journal's file, behind the core's Disk port. */
import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Disk } from "../core/ports.ts";
import { replaceFile, syncFolder } from "./durable.ts";
import { isErrno } from "./errno.ts";

const untilOnDisk = promisify(fdatasync);

/**
 * A line is written to the page cache synchronously. Only the sync to the disk uses the thread
 * pool, because it can take long.
 */
export class JournalDisk implements Disk {
  readonly #file: string;
  #fd: number | null = null;
  #sizeBytes = 0;
  /** True when bytes of a failed append can follow the valid content. */
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

  appendJournal(bytes: Uint8Array): Promise<void> {
    return this.#append(bytes, untilOnDisk);
  }

  writeJournal(bytes: Uint8Array): Promise<void> {
    return this.#append(bytes, async () => undefined);
  }

  async syncJournal(): Promise<void> {
    this.#fd ??= this.#open();
    await untilOnDisk(this.#fd);
  }

  async #append(bytes: Uint8Array, sync: (fd: number) => Promise<void>): Promise<void> {
    this.#fd ??= this.#open();
    const fd = this.#fd;
    try {
      // A shorter line would overwrite only the beginning of these bytes.
      if (this.#hasRemains) ftruncateSync(fd, this.#sizeBytes);
      this.#hasRemains = true;
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(fd, bytes, written, bytes.length - written, this.#sizeBytes + written);
      }
      await sync(fd);
      this.#sizeBytes += bytes.length;
      this.#hasRemains = false;
    } catch (error) {
      // An incomplete line, or a line that may not be on disk, must not count as a record later. If
      // the truncation fails too, the next append begins with it.
      try {
        ftruncateSync(fd, this.#sizeBytes);
        this.#hasRemains = false;
      } catch {
        // The file keeps the remains until then.
      }
      throw error;
    }
  }

  async replaceJournal(bytes: Uint8Array): Promise<void> {
    // The old file stays open until the new one exists. If that fails, appends continue in the old
    // file.
    await replaceFile(this.#file, bytes);
    this.#close();
  }

  async setJournalAside(): Promise<void> {
    await rename(this.#file, `${this.#file}.broken`);
    await syncFolder(path.dirname(this.#file));
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = null;
    this.#hasRemains = false;
    if (fd !== null) closeSync(fd);
  }

  #open(): number {
    const fd = openSync(this.#file, "r+");
    this.#sizeBytes = fstatSync(fd).size;
    return fd;
  }
}
