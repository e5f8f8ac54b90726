/** The agent core's ports for a simulated device: real time, and a journal in memory. */

import { randomBytes } from "node:crypto";
import { type Disk, type Random, ServerConnection } from "@halligan/agent/simulation";
import { type MonotonicClock, systemClock } from "@halligan/protocol/time";

export { systemClock as clock };

export const random: Random = {
  fraction: () => Math.random(),
  id: () => randomBytes(16).toString("hex"),
};

/**
 * Writes the same bytes as the real journal, but not to a disk. Many devices share this machine's
 * only disk with the server.
 */
export class MemoryJournal implements Disk {
  #lines: Uint8Array[] = [];
  async readJournal(): Promise<Uint8Array | null> {
    return this.#lines.length === 0 ? null : Buffer.concat(this.#lines);
  }
  async appendJournal(bytes: Uint8Array): Promise<void> {
    this.#lines.push(bytes);
  }
  writeJournal(bytes: Uint8Array): Promise<void> {
    return this.appendJournal(bytes);
  }
  async syncJournal(): Promise<void> {}
  async replaceJournal(bytes: Uint8Array): Promise<void> {
    this.#lines = [bytes];
  }
  async setJournalAside(): Promise<void> {
    this.#lines = [];
  }
}

/** The state of a connection, with a callback when it is up. */
export class WatchedServerConnection extends ServerConnection {
  readonly #onUp: () => void;
  constructor(clock: MonotonicClock, onUp: () => void) {
    super(clock);
    this.#onUp = onUp;
  }
  override up(live: Parameters<ServerConnection["up"]>[0]): void {
    super.up(live);
    this.#onUp();
  }
}
