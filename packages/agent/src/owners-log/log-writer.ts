/**
 * Writes the owner's log (docs/decisions/0058-owners-log.md). One process writes: the agent that
 * holds the data folder. A line goes to the page cache at once, so it survives the end of the
 * process; it is on disk when `synced` resolves, or a second later.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import type { MonotonicClock } from "@halligan/protocol/time";
import type { OwnersLog, OwnersLogEvent } from "../core/owners-log/owners-log.ts";
import type { Log } from "../core/ports.ts";
import { syncFolder } from "../disk/durable.ts";
import { reasonOf } from "../disk/errno.ts";
import { ensureInnerFolder } from "../disk/private-folder.ts";
import { LIMITS } from "../limits.ts";
import type { AgentSettings } from "../settings.ts";
import { wallClockMs } from "../wall-clock.ts";
import { ageOf, logFile, ownersLogFolder, rotate } from "./log-files.ts";

export interface LogWriterDeps {
  /** The data folder. */
  root: string;
  clock: MonotonicClock;
  log: Log;
  settings: Pick<AgentSettings, "ownersLogBytes" | "ownersLogFiles">;
}

type StoredEvent = OwnersLogEvent | { event: "lost"; count: number };

const untilOnDisk = promisify(fdatasync);
const { O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_RDWR } = constants;
const LINE_FEED = 0x0a;

export class LogWriter implements OwnersLog, Disposable {
  readonly #deps: LogWriterDeps;
  readonly #folder: string;
  #fd: number | null = null;
  #sizeBytes = 0;
  /** Counts writes. Those above `#syncedTo` may be lost in a power cut. */
  #written = 0;
  #syncedTo = 0;
  /** The newest entry that something waits for. */
  #requiredTo = 0;
  #syncing: Promise<void> | null = null;
  /** A new file has a name that is not on disk. */
  #isNameNew = false;
  /** Lines that the disk has refused, oldest first. */
  #waiting: string[] = [];
  #lost = 0;
  #stopTimer: (() => void) | null = null;

  constructor(deps: LogWriterDeps) {
    this.#deps = deps;
    this.#folder = ownersLogFolder(deps.root);
  }

  require(event: OwnersLogEvent): void {
    this.#writeWaiting();
    this.#append(lineOf(event));
    this.#requiredTo = this.#written;
    // The journal is synced at the same time. What fails here fails again where it is waited for.
    this.synced().catch(() => undefined);
  }

  write(event: OwnersLogEvent): void {
    const line = lineOf(event);
    try {
      this.#writeWaiting();
      this.#append(line);
    } catch (error) {
      this.#deps.log.error("ownersLogWriteFailed", { error: reasonOf(error) });
      if (this.#waiting.length < LIMITS.maxWaitingLogLines) this.#waiting.push(line);
      else this.#lost += 1;
      this.#syncLater();
    }
  }

  async synced(): Promise<void> {
    this.#writeWaiting();
    await this.#syncedUpTo(this.#requiredTo);
  }

  async #syncedUpTo(entry: number): Promise<void> {
    while (this.#syncedTo < entry) await (this.#syncing ?? this.#sync());
  }

  /** What the disk refuses now is lost: the process ends. */
  [Symbol.dispose](): void {
    this.#stopTimer?.();
    try {
      this.#writeWaiting();
      if (this.#fd !== null) fdatasyncSync(this.#fd);
    } catch (error) {
      this.#deps.log.error("ownersLogWriteFailed", { error: reasonOf(error), lines: this.#waiting.length });
    }
    this.#close();
  }

  #writeWaiting(): void {
    while (this.#waiting[0] !== undefined) {
      this.#append(this.#waiting[0]);
      this.#waiting.shift();
    }
    if (this.#lost === 0) return;
    this.#append(lineOf({ event: "lost", count: this.#lost }));
    this.#lost = 0;
  }

  /** All of the line, or nothing. */
  #append(line: string): void {
    const bytes = Buffer.from(line);
    // A script with all rights may have removed the file.
    if (this.#fd !== null && fstatSync(this.#fd).nlink === 0) this.#close();
    this.#fd ??= this.#open();
    if (this.#sizeBytes > 0 && this.#sizeBytes + bytes.length > this.#deps.settings.ownersLogBytes) {
      fdatasyncSync(this.#fd);
      this.#close();
      rotate(this.#folder, this.#deps.settings.ownersLogFiles, agesIn(this.#folder));
      this.#fd = this.#open();
    }
    const fd = this.#fd;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    } catch (error) {
      ftruncateSync(fd, this.#sizeBytes);
      throw error;
    }
    this.#sizeBytes += bytes.length;
    this.#written += 1;
    this.#syncLater();
  }

  #open(): number {
    ensureInnerFolder(this.#folder);
    const file = logFile(this.#folder, 0);
    const fd = openSync(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      if (process.platform !== "win32") fchmodSync(fd, 0o600);
      this.#sizeBytes = fstatSync(fd).size;
      this.#isNameNew ||= this.#sizeBytes === 0;
      if (this.#sizeBytes > 0 && !endsWithLineFeed(fd, this.#sizeBytes)) this.#sizeBytes += writeSync(fd, "\n");
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** A sync may still use the file. */
  #close(): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd === null) return;
    if (this.#syncing) void this.#syncing.catch(() => undefined).finally(() => closeSync(fd));
    else closeSync(fd);
  }

  #sync(): Promise<void> {
    const upTo = this.#written;
    const syncing = this.#syncFile().then(() => {
      this.#syncedTo = upTo;
    });
    this.#syncing = syncing.finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  async #syncFile(): Promise<void> {
    this.#fd ??= this.#open();
    await untilOnDisk(this.#fd);
    if (!this.#isNameNew) return;
    this.#isNameNew = false;
    await syncFolder(this.#folder);
  }

  #syncLater(): void {
    this.#stopTimer ??= this.#deps.clock.after(LIMITS.syncJournalAfterMs, () => {
      this.#stopTimer = null;
      this.#syncedUpTo(this.#written).catch((error: unknown) => {
        this.#deps.log.warn("ownersLogNotSynced", { error: reasonOf(error) });
        this.#syncLater();
      });
    });
  }
}

/** The first member is the version of the line's form. */
const lineOf = (event: StoredEvent): string =>
  `${JSON.stringify({ v: 1, at: new Date(wallClockMs()).toISOString(), ...event })}\n`;

function agesIn(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => ageOf(name) ?? []);
}

/** A power cut can leave a part of a line. */
function endsWithLineFeed(fd: number, sizeBytes: number): boolean {
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, sizeBytes - 1);
  return last[0] === LINE_FEED;
}
