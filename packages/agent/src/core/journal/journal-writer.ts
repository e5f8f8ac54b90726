/**
 * The one owner of the journal. A record is in the file before the state shows it. `append` also
 * syncs it. `write` does not: the record survives the end of the agent's process. It survives a
 * power cut only after the next sync, at most a second later.
 */
import { backoffMs, type MonotonicClock, sleep } from "@halligan/protocol/time";
import { LIMITS } from "../../limits.ts";
import type { AgentSettings } from "../../settings.ts";
import { messageOf } from "../error-text.ts";
import type { Disk, Log, Random } from "../ports.ts";
import { fold, type JournalRecord, type JournalState, snapshot } from "./journal.ts";
import { encodeLine, readJournal } from "./journal-text.ts";

export interface JournalDeps {
  disk: Disk;
  clock: MonotonicClock;
  random: Random;
  log: Log;
  settings: AgentSettings;
}

export class JournalWriter {
  readonly #deps: JournalDeps;
  #state: JournalState;
  #hash: string;
  #sizeBytes: number;
  #compactAtBytes = 0;
  /**
   * The last append. Appends run one after the other, because each line carries the hash of the
   * previous line.
   */
  #last: Promise<unknown> = Promise.resolve();
  /** Set while a record is written and not synced. */
  #stopSyncTimer: (() => void) | null = null;

  private constructor(deps: JournalDeps, state: JournalState, hash: string, sizeBytes: number) {
    this.#deps = deps;
    this.#state = state;
    this.#hash = hash;
    this.#sizeBytes = sizeBytes;
    this.#compactAtBytes = sizeBytes + LIMITS.compactJournalAfterBytes;
  }

  /**
   * Reads the journal, or creates a new one with a new id. `beforeNew` runs before the new journal
   * is on disk. What the earlier journal recorded is unknown then. After a crash between the two,
   * `beforeNew` runs again.
   */
  static async open(deps: JournalDeps, beforeNew: () => Promise<void>): Promise<JournalWriter> {
    const bytes = await deps.disk.readJournal();
    const read = bytes ? readJournal(bytes) : { kind: "empty" as const };
    if (read.kind === "read") {
      const writer = new JournalWriter(deps, read.state, read.hash, read.sizeBytes);
      // An earlier agent process may have written without a sync. Records must be durable before
      // the server gets them.
      writer.#syncLater();
      await writer.#sync();
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
    return this.#sizeBytes > this.#deps.settings.maxJournalBytes;
  }

  /**
   * The records are durable when it resolves. If the disk refuses the write, it rejects and the
   * state does not change.
   */
  tryAppend(...records: JournalRecord[]): Promise<void> {
    return this.#inTurn(() => records, true);
  }

  /**
   * Like {@link tryAppend}, but waits while the disk is full, because the record must not be lost.
   */
  append(signal: AbortSignal, ...records: JournalRecord[]): Promise<void> {
    return this.#untilDone(signal, () => records, true);
  }

  /**
   * Like {@link append}, but calls `decide` when its turn comes, because other appends can change
   * the state until then. The result may be empty.
   */
  appendDecided(signal: AbortSignal, decide: (state: JournalState) => readonly JournalRecord[]): Promise<void> {
    return this.#untilDone(signal, decide, true);
  }

  /**
   * Like {@link append}, but does not wait for the sync. For records whose loss in a power cut
   * causes only a repetition: processes, because none survives a power cut, and ends, because the
   * server has them or records them as interrupted.
   */
  write(signal: AbortSignal, ...records: JournalRecord[]): Promise<void> {
    return this.#untilDone(signal, () => records, false);
  }

  /** {@link write} and {@link appendDecided} in one. */
  writeDecided(signal: AbortSignal, decide: (state: JournalState) => readonly JournalRecord[]): Promise<void> {
    return this.#untilDone(signal, decide, false);
  }

  /** Syncs records that are not synced. Called when the agent stops. */
  async close(): Promise<void> {
    await this.#last;
    if (!this.#stopSyncTimer) return;
    await this.#sync();
    this.#markSynced();
  }

  async #untilDone(
    signal: AbortSignal,
    decide: (state: JournalState) => readonly JournalRecord[],
    mustSync: boolean,
  ): Promise<void> {
    const { clock, random, log, settings } = this.#deps;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#inTurn(decide, mustSync);
      } catch (error) {
        log.error("journalWriteFailed", { error: messageOf(error) });
        const bounds = { baseMs: settings.backoffBaseMs, capMs: settings.backoffCapMs };
        await sleep(clock, backoffMs(attempt, bounds, random.fraction()), signal);
      }
    }
  }

  #inTurn(decide: (state: JournalState) => readonly JournalRecord[], mustSync: boolean): Promise<void> {
    const mine = this.#last.then(() => this.#append(decide(this.#state), mustSync));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  #syncLater(): void {
    this.#stopSyncTimer ??= this.#deps.clock.after(LIMITS.syncJournalAfterMs, () => {
      const synced = this.#last.then(() => this.#sync());
      this.#last = synced;
    });
  }

  async #sync(): Promise<void> {
    if (!this.#stopSyncTimer) return;
    this.#markSynced();
    try {
      await this.#deps.disk.syncJournal();
    } catch (error) {
      this.#deps.log.warn("journalNotSynced", { error: messageOf(error) });
      this.#syncLater();
    }
  }

  #markSynced(): void {
    this.#stopSyncTimer?.();
    this.#stopSyncTimer = null;
  }

  async #append(records: readonly JournalRecord[], mustSync: boolean): Promise<void> {
    if (records.length === 0) return;
    const next = records.reduce<JournalState>((state, record) => fold(state, record), this.#state);
    const line = encodeLine(this.#hash, records);
    const { disk } = this.#deps;
    await (mustSync ? disk.appendJournal(line.bytes) : disk.writeJournal(line.bytes));
    if (mustSync) this.#markSynced();
    else this.#syncLater();
    this.#state = next;
    this.#hash = line.hash;
    this.#sizeBytes += line.bytes.length;
    if (this.#sizeBytes < this.#compactAtBytes) return;
    // The records are already durable. If the compaction fails, a later append tries it again.
    await this.#compact().catch((error: unknown) => {
      this.#compactAtBytes = this.#sizeBytes + LIMITS.compactJournalAfterBytes;
      this.#deps.log.warn("journalNotCompacted", { error: messageOf(error) });
    });
  }

  async #compact(): Promise<void> {
    const line = encodeLine("", snapshot(this.#state));
    await this.#deps.disk.replaceJournal(line.bytes);
    this.#markSynced();
    this.#hash = line.hash;
    this.#sizeBytes = line.bytes.length;
    this.#compactAtBytes = Math.max(this.#sizeBytes * 2, this.#sizeBytes + LIMITS.compactJournalAfterBytes);
  }
}
