import type { Disk } from "@halligan/agent/simulation";
import { forever, type ProcessLifetime } from "../time/process-lifetime.ts";
import type { World } from "../world/world.ts";

type Unsynced = { kind: "append"; bytes: Uint8Array } | { kind: "replace"; bytes: Uint8Array };

/** How many earlier contents are kept: those of a few actions. */
const HISTORY = 48;

export class NoSpaceLeftError extends Error {
  override readonly name = "NoSpaceLeftError";
}

/**
 * The bytes of the journal on a device. Bytes that are written and not yet synced can survive a
 * crash completely, in part, or not at all.
 */
export class JournalFile {
  readonly #world: World;
  readonly #deviceName: string;
  #bytes: Uint8Array | null = null;
  /** Earlier contents of the disk, newest last. */
  readonly #history: Uint8Array[] = [];
  #unsynced: Unsynced | null = null;
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
    this.#unsynced = null;
  }

  /** The writing process died, or the power was cut. */
  crash(): void {
    const unsynced = this.#unsynced;
    this.#unsynced = null;
    if (!unsynced) return;
    const survives = this.#world.random.pick<"whole" | "part" | "nothing">(["whole", "part", "nothing"]);
    this.#world.trace.note(this.#deviceName, `a journal write was under way: ${survives} of it survives`);
    if (survives === "nothing") return;
    // A replacement is a rename, so it is never incomplete.
    if (unsynced.kind === "replace") this.#bytes = unsynced.bytes;
    else this.#bytes = Buffer.concat([this.#bytes ?? new Uint8Array(), this.#survivors(unsynced.bytes, survives)]);
  }

  disk(lifetime: ProcessLifetime): Disk {
    return {
      readJournal: async () => this.#bytes,
      appendJournal: (bytes) => this.#write(lifetime, { kind: "append", bytes }),
      replaceJournal: (bytes) => this.#write(lifetime, { kind: "replace", bytes }),
      setJournalAside: async () => {
        if (!lifetime.isOver) this.restore(null);
      },
    };
  }

  async #write(lifetime: ProcessLifetime, change: Unsynced): Promise<void> {
    if (lifetime.isOver) return forever();
    if (this.isFull) throw new NoSpaceLeftError("no space left on the simulated disk");
    this.#unsynced = change;
    this.#mayBeStruck();
    await this.#world.delay(1, 8);
    if (lifetime.isOver) return forever();
    if (this.#bytes) this.#history.push(this.#bytes);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#bytes =
      change.kind === "replace" ? change.bytes : Buffer.concat([this.#bytes ?? new Uint8Array(), change.bytes]);
    this.#unsynced = null;
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
