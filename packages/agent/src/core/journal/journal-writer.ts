/** The one owner of the journal: what is appended is on disk before the state shows it. */
import { LIMITS } from "../../limits.ts";
import { backoffMs } from "../backoff.ts";
import { messageOf } from "../error-text.ts";
import type { Clock, Disk, Log, Random } from "../ports.ts";
import { fold, type JournalRecord, type JournalState, snapshot } from "./journal.ts";
import { encodeLine, readJournal } from "./journal-text.ts";

export interface JournalDeps {
  disk: Disk;
  clock: Clock;
  random: Random;
  log: Log;
}

export class JournalWriter {
  readonly #deps: JournalDeps;
  #state: JournalState;
  #hash: string;
  #sizeBytes: number;
  #compactAtBytes = 0;
  /** Appends follow each other: each line carries the hash of the one before. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(deps: JournalDeps, state: JournalState, hash: string, sizeBytes: number) {
    this.#deps = deps;
    this.#state = state;
    this.#hash = hash;
    this.#sizeBytes = sizeBytes;
    this.#compactAtBytes = sizeBytes + LIMITS.compactJournalAfterBytes;
  }

  /**
   * Reads the journal, or begins a new one under a new id. `beforeNew` runs before a new one is on disk: what an earlier journal knew of
   * is unknown then, and after a crash in between it has to be done again.
   */
  static async open(deps: JournalDeps, beforeNew: () => Promise<void>): Promise<JournalWriter> {
    const bytes = await deps.disk.readJournal();
    const read = bytes ? readJournal(bytes) : { kind: "empty" as const };
    if (read.kind === "read") {
      const writer = new JournalWriter(deps, read.state, read.hash, read.sizeBytes);
      if (read.tornBytes > 0) {
        deps.log.warn("journalTorn", { droppedBytes: read.tornBytes });
        await writer.#compact();
      }
      return writer;
    }
    if (read.kind === "lost") {
      deps.log.error("journalLost", { reason: read.reason });
      await deps.disk.setJournalAside();
    }
    await beforeNew();
    const journalId = deps.random.id();
    const state = fold(null, { type: "journal", version: 1, journalId });
    const writer = new JournalWriter(deps, state, "", 0);
    await writer.#compact();
    deps.log.info("journalBegun", { journalId });
    return writer;
  }

  get state(): JournalState {
    return this.#state;
  }

  get isFull(): boolean {
    return this.#sizeBytes > LIMITS.maxJournalBytes;
  }

  /** Durable when it resolves. Rejects, with the state as it was, when the disk refuses. */
  tryAppend(...records: JournalRecord[]): Promise<void> {
    return this.#inTurn(() => records);
  }

  /** As {@link tryAppend}, but a full disk is waited for: what happened must not be lost. */
  append(signal: AbortSignal, ...records: JournalRecord[]): Promise<void> {
    return this.appendDecided(signal, () => records);
  }

  /** As {@link append}, of what follows from the state when its turn comes, perhaps nothing: until then others may append. */
  async appendDecided(signal: AbortSignal, decide: (state: JournalState) => readonly JournalRecord[]): Promise<void> {
    const { clock, random, log } = this.#deps;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#inTurn(decide);
      } catch (error) {
        log.error("journalWriteFailed", { error: messageOf(error) });
        const bounds = { baseMs: LIMITS.backoffBaseMs, capMs: LIMITS.backoffCapMs };
        await clock.sleep(backoffMs(attempt, bounds, random.fraction()), signal);
      }
    }
  }

  #inTurn(decide: (state: JournalState) => readonly JournalRecord[]): Promise<void> {
    const mine = this.#last.then(() => this.#append(decide(this.#state)));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #append(records: readonly JournalRecord[]): Promise<void> {
    if (records.length === 0) return;
    const next = records.reduce<JournalState>((state, record) => fold(state, record), this.#state);
    const line = encodeLine(this.#hash, records);
    await this.#deps.disk.appendJournal(line.bytes);
    this.#state = next;
    this.#hash = line.hash;
    this.#sizeBytes += line.bytes.length;
    if (this.#sizeBytes < this.#compactAtBytes) return;
    // The records are durable already: a compaction that fails is tried again later.
    await this.#compact().catch((error: unknown) => {
      this.#compactAtBytes = this.#sizeBytes + LIMITS.compactJournalAfterBytes;
      this.#deps.log.warn("journalNotCompacted", { error: messageOf(error) });
    });
  }

  async #compact(): Promise<void> {
    const line = encodeLine("", snapshot(this.#state));
    await this.#deps.disk.replaceJournal(line.bytes);
    this.#hash = line.hash;
    this.#sizeBytes = line.bytes.length;
    this.#compactAtBytes = Math.max(this.#sizeBytes * 2, this.#sizeBytes + LIMITS.compactJournalAfterBytes);
  }
}
