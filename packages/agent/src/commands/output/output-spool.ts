/**
 * One output stream of a script on disk: written as it comes, so that a crash loses none of it, and bounded.
 *
 * A full disk neither stops the script nor its pipe from being drained. What does not fit is counted; when there is room again the text
 * goes on after a note that names the gap, and a gap that lasts to the end is noted in the room of the last bytes that were kept.
 *
 * Written without the thread pool: the page cache takes a chunk in microseconds, `limitBytes` bounds them all, and a pipe whose chunks
 * are dealt with as they come needs nothing that holds it back.
 */
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { factsFile, writeFacts } from "./output-facts.ts";

export interface OutputLoss {
  /** A sentence for people. */
  error: string;
  /** Whether the text itself says that something is missing. */
  isNoted: boolean;
}

const encoder = new TextEncoder();

export class OutputSpool {
  readonly #file: string;
  readonly #limitBytes: number;
  #fd: number | null = null;
  /** Of the script's own bytes. */
  #keptBytes = 0;
  #fileBytes = 0;
  #isCut = false;
  #sizeBytes = 0;
  /** Where the agent's notes at the end begin; null while there are none. */
  #bodyBytes: number | null = null;
  #lostBytes = 0;
  #gapBytes = 0;
  #reason = "";

  /** @param limitBytes how much is kept; what comes after is dropped and the text says so */
  constructor(file: string, limitBytes: number) {
    this.#file = file;
    this.#limitBytes = limitBytes;
  }

  /** Never throws. */
  write(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#isCut) return;
    const kept = chunk.subarray(0, this.#limitBytes - this.#keptBytes);
    if (kept.length > 0) this.#keep(kept);
    if (kept.length === chunk.length) return;
    this.#isCut = true;
    this.#bodyBytes ??= this.#fileBytes;
    this.#append(encoder.encode(`\n[halligan: output cut off after ${this.#limitBytes} bytes]\n`));
  }

  /**
   * What the agent itself has to say about the script, after all that this wrote and whatever the
   * limit. Never throws.
   */
  note(text: string): void {
    if (this.#gapBytes > 0 && !this.#noteGap()) return;
    this.#bodyBytes ??= this.#fileBytes;
    this.#append(encoder.encode(`${this.#fileBytes === 0 ? "" : "\n"}[halligan: ${text}]\n`));
  }

  /** Closes the file. Never throws; null when nothing was lost. */
  finish(): OutputLoss | null {
    const isNoted = this.#gapBytes === 0 || this.#noteGap() || this.#noteOverLastBytes();
    this.#close();
    const hasNotes = this.#bodyBytes !== null && this.#bodyBytes < this.#fileBytes;
    if (hasNotes || this.#lostBytes > 0) {
      const bodyBytes = this.#lostBytes > 0 ? this.#fileBytes : (this.#bodyBytes ?? this.#fileBytes);
      writeFacts(this.#file, { sizeBytes: this.#sizeBytes, keptBytes: this.#keptBytes, bodyBytes });
    }
    if (this.#lostBytes === 0) return null;
    return { error: `${this.#lostBytes} bytes of the script's output could not be kept: ${this.#reason}.`, isNoted };
  }

  /** A sentence when the limit was reached, for people; null when not. @param name `stdout` or `stderr` */
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
      // What of the note is there is written over.
    }
    return false;
  }

  /** Most file systems write again where they have written, even when they are full. */
  #noteOverLastBytes(): boolean {
    // The note's own length depends on the number in it, but by a digit at most, for which there is room.
    const room = gapNote(this.#gapBytes, this.#reason).length + 1;
    const coveredBytes = Math.min(room, this.#fileBytes);
    this.#fileBytes -= coveredBytes;
    this.#gapBytes += coveredBytes;
    this.#lostBytes += coveredBytes;
    this.#keptBytes = Math.max(0, this.#keptBytes - coveredBytes);
    const note = encoder.encode(gapNote(this.#gapBytes, this.#reason).padEnd(room, "\n"));
    return this.#fd !== null && this.#append(note) === note.length;
  }

  /** Answers with how many of the bytes are in the file now. */
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
      // What a file system reports as late as now was lost as well, but is not counted.
      this.#reason ||= reasonOf(error);
    }
  }
}

const gapNote = (gapBytes: number, reason: string) =>
  `\n[halligan: ${gapBytes} bytes of output lost here: ${reason}]\n`;

/** Never what lies there already, nor where a link points. */
function openNew(file: string): number {
  try {
    return openSync(file, "wx", 0o600);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  for (const one of [file, factsFile(file)]) rmSync(one, { recursive: true, force: true });
  return openSync(file, "wx", 0o600);
}
