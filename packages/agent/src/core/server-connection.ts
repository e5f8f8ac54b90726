/**
 * The server connection as the rest of the agent sees it: whether it is usable, the ticket for
 * transfers and the time of the server.
 */

import type { AgentFrame } from "@halligan/protocol/link";
import type { MonotonicClock } from "@halligan/protocol/time";

interface OpenConnection {
  ticket: string;
  send(frame: AgentFrame): void;
}

export class ServerConnection {
  readonly #clock: MonotonicClock;
  #open: OpenConnection | null = null;
  #downSinceMs: number;
  #serverTime: { serverTimeMs: number; atMs: number } | null = null;
  /**
   * Each waiter removes itself. Otherwise, a connection that lasts for months would collect the
   * waiters of every transfer.
   */
  readonly #waiters = new Set<() => void>();

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
    this.#downSinceMs = clock.monotonicMs();
  }

  /**
   * Called when the server has answered the hello. No command and no transfer may start earlier.
   */
  up(live: OpenConnection): void {
    this.#open = live;
    this.#wake();
  }

  down(): void {
    if (!this.#open) return;
    this.#open = null;
    this.#downSinceMs = this.#clock.monotonicMs();
    this.#wake();
  }

  get isUp(): boolean {
    return this.#open !== null;
  }

  /** 0 while the connection is up. */
  get downForMs(): number {
    return this.#open ? 0 : this.#clock.monotonicMs() - this.#downSinceMs;
  }

  /**
   * Drops the frame when the connection is down. The journal holds everything that matters, and the
   * agent reports it again after the next hello.
   */
  send(frame: AgentFrame): void {
    this.#open?.send(frame);
  }

  setServerTime(serverTimeMs: number): void {
    this.#serverTime = { serverTimeMs, atMs: this.#clock.monotonicMs() };
  }

  /** The server's clock at the welcome, plus the time that has passed on the monotonic clock. */
  serverNowMs(): number {
    if (!this.#serverTime) throw new Error("the server's time is not known before its welcome");
    return this.#serverTime.serverTimeMs + (this.#clock.monotonicMs() - this.#serverTime.atMs);
  }

  /**
   * Waits for a usable connection with a ticket other than `dead`. The ticket of a newer connection
   * counts as another one even if its text is the same: after a restore from a backup, the server
   * starts to count connections at an earlier number.
   */
  async ticket(rejectedTicket: string | null, signal: AbortSignal): Promise<string> {
    const before = this.#open;
    for (;;) {
      signal.throwIfAborted();
      if (this.#open && (this.#open !== before || this.#open.ticket !== rejectedTicket)) return this.#open.ticket;
      await this.changed(signal);
    }
  }

  /** Resolves when the connection comes up or goes down, and at each `wake`. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#waiters.delete(onChange);
        reject(signal.reason);
      };
      const onChange = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiters.add(onChange);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Wakes waiters that also wait for another event, such as a verdict. */
  wake(): void {
    this.#wake();
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}
