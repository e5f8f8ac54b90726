import type { Disk } from "@halligan/agent/simulation";
import { forever, type ProcessLifetime } from "../time/process-lifetime.ts";
import type { World } from "../world/world.ts";

type Change = { kind: "append"; bytes: Uint8Array; isSynced: boolean } | { kind: "replace"; bytes: Uint8Array };

/** The agent syncs what it has only written within this time (`agent/src/limits.ts`), and slack. */
const MAX_UNSYNCED_MS = 1_000 + 500;

/** How many earlier contents are kept: those of a few actions. */
const HISTORY = 48;

export class NoSpaceLeftError extends Error {
  override readonly name = "NoSpaceLeftError";
}

/**
 * The bytes of the journal on a device. A write that is under way at a crash can survive
 * completely, in part, or not at all. What was written and not yet synced survives a crash of the
 * agent, but not always a power cut.
 */
export class JournalFile {
  readonly #world: World;
  readonly #deviceName: string;
  #bytes: Uint8Array | null = null;
  /** Earlier contents of the disk, newest last. */
  readonly #history: Uint8Array[] = [];
  #underWay: Change | null = null;
  /** Length of what survives a power cut; null: all of it. */
  #syncedBytes: number | null = null;
  #unsyncedSinceMs = 0;
  isFull = false;
  /** Set by a fault: called in the middle of a write, after `writesBefore` other writes. */
  atWrite: { writesBefore: number; fault: () => void } | null = null;

  constructor(world: World, deviceName: string) {
    this.#world = world;
    this.#deviceName = deviceName;
  }

  /** What is on disk now. */
  get bytes(): Uint8Array | null {
    return this.#bytes;
  }

  /**
   * Earlier contents, for a device that is set back. They include the time before an earlier
   * set-back.
   */
  get history(): readonly Uint8Array[] {
    return this.#history;
  }

  restore(bytes: Uint8Array | null): void {
    this.#bytes = bytes;
    this.#underWay = null;
    this.#syncedBytes = null;
  }

  /** The writing process died; without power, the device too. */
  crash(hasPower: boolean): void {
    if (!hasPower) this.#loseUnsynced();
    // Without an agent nothing syncs. The next agent process does that when it opens the journal.
    this.#unsyncedSinceMs = Number.POSITIVE_INFINITY;
    const underWay = this.#underWay;
    this.#underWay = null;
    if (!underWay) return;
    const survives = this.#world.random.pick<"whole" | "part" | "nothing">(["whole", "part", "nothing"]);
    this.#world.trace.note(this.#deviceName, `a journal write was under way: ${survives} of it survives`);
    if (survives === "nothing") return;
    // A replacement is a rename, so it is never incomplete.
    if (underWay.kind === "replace") this.#bytes = underWay.bytes;
    else this.#bytes = Buffer.concat([this.#bytes ?? new Uint8Array(), this.#survivors(underWay.bytes, survives)]);
  }

  #loseUnsynced(): void {
    const { random, trace, timeline } = this.#world;
    const synced = this.#syncedBytes;
    this.#syncedBytes = null;
    if (synced === null || !this.#bytes) return;
    const sinceMs = timeline.nowMs - this.#unsyncedSinceMs;
    if (sinceMs > MAX_UNSYNCED_MS && !this.isFull) {
      this.#world.violated("journalIsSynced", `${this.#deviceName} has not synced its journal for ${sinceMs} ms`);
    }
    const kept = random.between(synced, this.#bytes.length);
    trace.note(this.#deviceName, `${this.#bytes.length - kept} bytes of the journal were not synced and are lost`);
    this.#bytes = this.#bytes.subarray(0, kept);
  }

  disk(lifetime: ProcessLifetime): Disk {
    return {
      readJournal: async () => this.#bytes,
      appendJournal: (bytes) => this.#write(lifetime, { kind: "append", bytes, isSynced: true }),
      writeJournal: (bytes) => this.#write(lifetime, { kind: "append", bytes, isSynced: false }),
      syncJournal: () => this.#sync(lifetime),
      replaceJournal: (bytes) => this.#write(lifetime, { kind: "replace", bytes }),
      setJournalAside: async () => {
        if (!lifetime.isOver) this.restore(null);
      },
    };
  }

  async #write(lifetime: ProcessLifetime, change: Change): Promise<void> {
    if (lifetime.isOver) return forever();
    if (this.isFull) throw new NoSpaceLeftError("no space left on the simulated disk");
    this.#underWay = change;
    this.#mayBeStruck();
    const isSynced = change.kind === "replace" || change.isSynced;
    await (isSynced ? this.#world.delay(1, 8) : this.#world.delay(0, 0));
    if (lifetime.isOver) return forever();
    if (isSynced) this.#syncedBytes = null;
    else if (this.#syncedBytes === null) {
      this.#syncedBytes = this.#bytes?.length ?? 0;
      this.#unsyncedSinceMs = this.#world.timeline.nowMs;
    }
    if (this.#bytes) this.#history.push(this.#bytes);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#bytes =
      change.kind === "replace" ? change.bytes : Buffer.concat([this.#bytes ?? new Uint8Array(), change.bytes]);
    this.#underWay = null;
  }

  async #sync(lifetime: ProcessLifetime): Promise<void> {
    if (lifetime.isOver) return forever();
    await this.#world.delay(1, 8);
    if (lifetime.isOver) return forever();
    this.#syncedBytes = null;
  }

  #mayBeStruck(): void {
    const planned = this.atWrite;
    if (!planned) return;
    planned.writesBefore -= 1;
    if (planned.writesBefore >= 0) return;
    this.atWrite = null;
    this.#world.timeline.after(0, planned.fault);
  }

  #survivors(bytes: Uint8Array, survives: "whole" | "part"): Uint8Array {
    return survives === "whole" ? bytes : bytes.subarray(0, this.#world.random.between(0, bytes.length - 1));
  }
}
