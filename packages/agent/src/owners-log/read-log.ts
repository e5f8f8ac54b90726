/**
 * Reads the lines of the owner's log, oldest first, also while an agent writes and rotates it. Each
 * line comes once: a file is recognised by its number, whatever its name is by then.
 */
import { type FileHandle, open, readdir } from "node:fs/promises";
import path from "node:path";
import { isErrno } from "../disk/errno.ts";
import { LIMITS } from "../limits.ts";
import { ageOf } from "./log-files.ts";

const LINE_FEED = 0x0a;

interface OpenFile {
  handle: FileHandle;
  ino: bigint;
}

export class LogReader {
  readonly #folder: string;
  /** The file that was read last, and how far. */
  #last: { ino: bigint; offset: number } | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The complete lines that came since the last call. A line longer than any that the agent writes
   * is left out. Rejects when the folder cannot be read.
   */
  async *newLines(): AsyncGenerator<string> {
    const files = await this.#openFiles();
    try {
      const at = files.findIndex(({ ino }) => ino === this.#last?.ino);
      for (const { handle, ino } of files.slice(Math.max(at, 0))) {
        this.#last = { ino, offset: ino === this.#last?.ino ? this.#last.offset : 0 };
        yield* this.#linesOf(handle, this.#last);
      }
    } finally {
      for (const { handle } of files) await handle.close();
    }
  }

  /** Oldest first. A file that is rotated meanwhile can be found under two names or none. */
  async #openFiles(): Promise<OpenFile[]> {
    for (let attempt = 0; ; attempt++) {
      const files = await this.#openOnce();
      const isWhole = new Set(files.map(({ ino }) => ino)).size === files.length && (await this.#isStill(files));
      if (isWhole || attempt >= LIMITS.logReadTries) return files;
      for (const { handle } of files) await handle.close();
    }
  }

  async #openOnce(): Promise<OpenFile[]> {
    const files: OpenFile[] = [];
    for (const name of await this.#names()) {
      try {
        const handle = await open(path.join(this.#folder, name), "r");
        files.push({ handle, ino: (await handle.stat({ bigint: true })).ino });
      } catch (error) {
        if (isErrno(error, "ENOENT")) continue;
        for (const { handle } of files) await handle.close();
        throw error;
      }
    }
    return files;
  }

  async #isStill(files: readonly OpenFile[]): Promise<boolean> {
    const again = await this.#openOnce();
    for (const { handle } of again) await handle.close();
    return again.length === files.length && again.every(({ ino }, index) => ino === files[index]?.ino);
  }

  async #names(): Promise<string[]> {
    const found = (await readdir(this.#folder)).flatMap((name) => {
      const age = ageOf(name);
      return age === null ? [] : { name, age };
    });
    return found.toSorted((a, b) => b.age - a.age).map(({ name }) => name);
  }

  async *#linesOf(handle: FileHandle, at: { offset: number }): AsyncGenerator<string> {
    const block = Buffer.allocUnsafe(LIMITS.spoolReadBytes);
    let parts: Buffer[] = [];
    let partBytes = 0;
    let position = at.offset;
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, block.length, position);
      if (bytesRead === 0) return;
      let from = 0;
      for (;;) {
        const end = block.subarray(0, bytesRead).indexOf(LINE_FEED, from);
        if (end === -1) break;
        const line = Buffer.concat([...parts, block.subarray(from, end)]);
        const isTooLong = partBytes + end - from > LIMITS.maxLogLineBytes;
        [parts, partBytes, from] = [[], 0, end + 1];
        at.offset = position + from;
        if (!isTooLong && line.length > 0) yield line.toString("utf8");
      }
      partBytes += bytesRead - from;
      if (partBytes <= LIMITS.maxLogLineBytes) parts.push(Buffer.from(block.subarray(from, bytesRead)));
      position += bytesRead;
    }
  }
}
