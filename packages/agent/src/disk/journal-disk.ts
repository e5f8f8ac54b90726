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
 * A line goes into the page cache at once; only its way to the disk is waited for on the thread pool, where it may take long.
 */
export class JournalDisk implements Disk {
  readonly #file: string;
  #fd: number | null = null;
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
    this.#fd ??= this.#open();
    const fd = this.#fd;
    try {
      // A shorter line over them would leave their end behind it.
      if (this.#hasRemains) ftruncateSync(fd, this.#sizeBytes);
      this.#hasRemains = true;
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(fd, bytes, written, bytes.length - written, this.#sizeBytes + written);
      }
      await untilOnDisk(fd);
      this.#sizeBytes += bytes.length;
      this.#hasRemains = false;
    } catch (error) {
      // A line that is there in part, or wholly but perhaps not on disk, must not be read as a promise later. If even
      // this fails, the next append begins with it.
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
    // The old file stays open until the new one is there: where that fails, appends go on as before.
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
