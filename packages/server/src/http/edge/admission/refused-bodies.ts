import { setTimeout as sleep } from "node:timers/promises";
import { lru } from "../../../lru.ts";

/** Rate at which the budget of a sender is refilled: 1 MiB a second. */
const REFILL_BYTES_PER_MS = 1024 ** 2 / 1_000;
const MAX_SENDERS = 10_000;
/** Most connections that stay open for the client to read the response: per sender, and in all. */
const MAX_LINGERING_PER_SENDER = 64;
const MAX_LINGERING = 512;

/**
 * Decides whether the body of a refused request is received and dropped, which keeps the connection
 * open, or whether the connection is closed. Each sender has a budget of bytes, because receiving a
 * part of 8 MiB costs more than refusing it.
 */
export class RefusedBodies {
  readonly #monotonicMs: () => number;
  readonly #lingerMs: number;
  readonly #received = lru<string, { bytes: number; atMs: number }>(MAX_SENDERS);
  readonly #lingering = new Map<string, number>();
  readonly #stop = new AbortController();
  #allLingering = 0;

  constructor(lingerMs: number, monotonicMs: () => number) {
    this.#lingerMs = lingerMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Bytes of refused bodies that may still be received from this sender. */
  leftBytes(sender: string, budgetBytes: number): number {
    return Math.max(0, budgetBytes - this.#receivedBytes(sender));
  }

  count(sender: string, bytes: number): void {
    this.#received.set(sender, { bytes: this.#receivedBytes(sender) + bytes, atMs: this.#monotonicMs() });
  }

  #receivedBytes(sender: string): number {
    const known = this.#received.get(sender);
    if (known === undefined) return 0;
    return Math.max(0, known.bytes - (this.#monotonicMs() - known.atMs) * REFILL_BYTES_PER_MS);
  }

  /**
   * The wait between a response and the end of its connection, while nothing is read: a connection
   * that ends with unread bytes is reset, and the reset can overtake the response. None for a
   * sender that has many of them.
   */
  async linger(sender: string, gone: AbortSignal): Promise<void> {
    const ofSender = this.#lingering.get(sender) ?? 0;
    if (ofSender >= MAX_LINGERING_PER_SENDER || this.#allLingering >= MAX_LINGERING) return;
    this.#lingering.set(sender, ofSender + 1);
    this.#allLingering += 1;
    try {
      await sleep(this.#lingerMs, undefined, { signal: AbortSignal.any([gone, this.#stop.signal]) });
    } catch (error) {
      // The client disconnected or the server stops: there is nothing to wait for.
      if (!(error instanceof Error) || error.name !== "AbortError") throw error;
    } finally {
      this.#allLingering -= 1;
      const left = (this.#lingering.get(sender) ?? 1) - 1;
      if (left === 0) this.#lingering.delete(sender);
      else this.#lingering.set(sender, left);
    }
  }

  /** The server stops: no connection waits any longer. */
  close(): void {
    this.#stop.abort();
  }
}
