import { HANDSHAKE_TIMEOUT_MS } from "@halligan/protocol/link";
import type { Clock } from "@halligan/protocol/time";

/** Longest time from the welcome to the hello. Pings do not extend it. */
const HELLO_TIMEOUT_MS = 10_000;

/**
 * One timer waits first for the answer and then for the hello, because each timer takes memory
 * while it runs.
 */
export class HandshakeDeadline {
  readonly #clock: Clock;
  readonly #expired: (detail: string) => void;
  #welcomedAtMs: number | null = null;
  #cancel: () => void;

  constructor(clock: Clock, expired: (detail: string) => void) {
    this.#clock = clock;
    this.#expired = expired;
    this.#cancel = clock.after(HANDSHAKE_TIMEOUT_MS, () => this.#check());
  }

  welcomed(): void {
    this.#welcomedAtMs = this.#clock.monotonicMs();
  }

  /** Called when the hello has arrived or the connection has ended. */
  stop(): void {
    this.#cancel();
  }

  #check(): void {
    if (this.#welcomedAtMs === null) {
      this.#expired("no answer in time");
      return;
    }
    const leftMs = this.#welcomedAtMs + HELLO_TIMEOUT_MS - this.#clock.monotonicMs();
    if (leftMs <= 0) this.#expired("no hello in time");
    else this.#cancel = this.#clock.after(leftMs, () => this.#check());
  }
}
