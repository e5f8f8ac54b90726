/**
 * One output stream of a script on disk. It is written as it arrives, so that a crash loses none of
 * it, and it is bounded.
 *
 * On a full disk, the script and the draining of its pipe continue. Lost bytes are counted. When
 * there is space again, a note names the gap and the text continues. If the gap lasts to the end,
 * the note overwrites the last kept bytes.
 *
 * The writes are synchronous. The page cache accepts a chunk in microseconds, `limitBytes` bounds
 * the total, and a pipe that is read synchronously needs no backpressure.
 */
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { factsFile, writeFacts } from "./output-facts.ts";

export interface OutputLoss {
  /** A sentence for people about the loss. */
  error: string;
  /** Whether the text itself says that something is missing. */
  isNoted: boolean;
}

const encoder = new TextEncoder();

export class OutputSpool {
  readonly #file: string;
  readonly #limitBytes: number;
  #fd: number | null = null;
  /** Kept bytes of the script's own output. */
  #keptBytes = 0;
  #fileBytes = 0;
  #isCut = false;
  #sizeBytes = 0;
  /** Where the agent's notes at the end begin; null while there are none. */
  #bodyBytes: number | null = null;
  #lostBytes = 0;
  #gapBytes = 0;
  #reason = "";
  readonly #onSize: (fileBytes: number) => void;

  /**
   * @param limitBytes how much is kept; later output is dropped, and the text says so
   * @param onSize called when the file has grown, with the size up to which it stays as it is
   */
  constructor(file: string, limitBytes: number, onSize: (fileBytes: number) => void = () => undefined) {
    this.#file = file;
    this.#limitBytes = limitBytes;
    this.#onSize = onSize;
  }

  /** Never throws. */
  write(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#isCut) return;
    const kept = chunk.subarray(0, this.#limitBytes - this.#keptBytes);
    if (kept.length > 0) this.#keep(kept);
    if (kept.length < chunk.length) {
      this.#isCut = true;
      this.#bodyBytes ??= this.#fileBytes;
      this.#append(encoder.encode(`\n[halligan: output cut off after ${this.#limitBytes} bytes]\n`));
    }
    this.#onSize(this.#fileBytes);
  }

  /**
   * Appends a note of the agent about the script, after all output and regardless of the limit.
   * Never throws.
   */
  note(text: string): void {
    if (this.#gapBytes > 0 && !this.#noteGap()) return;
    this.#bodyBytes ??= this.#fileBytes;
    this.#append(encoder.encode(`${this.#fileBytes === 0 ? "" : "\n"}[halligan: ${text}]\n`));
    this.#onSize(this.#fileBytes);
  }

  /** Closes the file. Never throws; null when nothing was lost. */
  finish(): OutputLoss | null {
    const isNoted = this.#gapBytes === 0 || this.#noteGap() || this.#noteOverLastBytes();
    this.#onSize(this.#fileBytes);
    this.#close();
    const hasNotes = this.#bodyBytes !== null && this.#bodyBytes < this.#fileBytes;
    if (hasNotes || this.#lostBytes > 0) {
      const bodyBytes = this.#lostBytes > 0 ? this.#fileBytes : (this.#bodyBytes ?? this.#fileBytes);
      writeFacts(this.#file, { sizeBytes: this.#sizeBytes, keptBytes: this.#keptBytes, bodyBytes });
    }
    if (this.#lostBytes === 0) return null;
    return { error: `${this.#lostBytes} bytes of the script's output could not be kept: ${this.#reason}.`, isNoted };
  }

  /**
   * A sentence for people when the limit was reached, else null. @param name `stdout` or `stderr`
   */
  cutText(name: string): string | null {
    if (!this.#isCut) return null;
    const [kept, size] = [this.#keptBytes, this.#sizeBytes].map((count) => count.toLocaleString("en-US"));
    return `${name} was cut: ${kept} of ${size} bytes kept.`;
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #keep(bytes: Uint8Array): void {
    const written = this.#gapBytes > 0 && !this.#noteGap() ? 0 : this.#append(bytes);
    this.#keptBytes += written;
    this.#lostBytes += bytes.length - written;
    this.#gapBytes += bytes.length - written;
  }

  #noteGap(): boolean {
    const note = encoder.encode(gapNote(this.#gapBytes, this.#reason));
    const before = this.#fileBytes;
    if (this.#append(note) === note.length) {
      this.#gapBytes = 0;
      return true;
    }
    this.#fileBytes = before;
    try {
      if (this.#fd !== null) ftruncateSync(this.#fd, before);
    } catch {
      // The next write overwrites the part of the note that was written.
    }
    return false;
  }

  /** Most file systems can overwrite existing bytes, even when they are full. */
  #noteOverLastBytes(): boolean {
    // The note contains a number, so its length can change by one digit. The file has space for
    // that.
    const room = gapNote(this.#gapBytes, this.#reason).length + 1;
    const coveredBytes = Math.min(room, this.#fileBytes);
    this.#fileBytes -= coveredBytes;
    this.#gapBytes += coveredBytes;
    this.#lostBytes += coveredBytes;
    this.#keptBytes = Math.max(0, this.#keptBytes - coveredBytes);
    const note = encoder.encode(gapNote(this.#gapBytes, this.#reason).padEnd(room, "\n"));
    return this.#fd !== null && this.#append(note) === note.length;
  }

  /** Returns how many of the bytes are in the file now. */
  #append(bytes: Uint8Array): number {
    let written = 0;
    try {
      this.#fd ??= openNew(this.#file);
      while (written < bytes.length) {
        const bytesWritten = writeSync(this.#fd, bytes, written, bytes.length - written, this.#fileBytes);
        written += bytesWritten;
        this.#fileBytes += bytesWritten;
      }
    } catch (error) {
      this.#reason = reasonOf(error);
    }
    return written;
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = null;
    try {
      if (fd !== null) closeSync(fd);
    } catch (error) {
      // A loss that the file system reports only now is included, but its bytes are not counted.
      this.#reason ||= reasonOf(error);
    }
  }
}

const gapNote = (gapBytes: number, reason: string) =>
  `\n[halligan: ${gapBytes} bytes of output lost here: ${reason}]\n`;

/** Never opens an existing file, and never follows a link. */
function openNew(file: string): number {
  try {
    return openSync(file, "wx", 0o600);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  for (const one of [file, factsFile(file)]) rmSync(one, { recursive: true, force: true });
  return openSync(file, "wx", 0o600);
}
