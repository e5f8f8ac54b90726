/**
 * Computes the maximum age of a frame. Each frame of the server carries the milliseconds since the
 * welcome on the server's monotonic clock. The agent knows when it sent the message that the server
 * answered. The age therefore depends on two monotonic clocks and on no wall clock. A proxy that
 * delays frames, including the answer in the handshake, makes them look older and never younger.
 */
import type { MonotonicClock } from "@halligan/protocol/time";

export class ConnectionTime {
  readonly #clock: MonotonicClock;
  /** The server's time was `sinceWelcomeMs` at `atMs` of the device's clock, or later. */
  #sample: { atMs: number; sinceWelcomeMs: number };
  /** Pings without an answer yet. The server answers each one, in order. */
  readonly #pingsAtMs: number[] = [];

  /**
   * @param answeredAtMs when the device sent its answer to the challenge. The server sent the
   * welcome, at time 0 of the connection, after it.
   */
  constructor(clock: MonotonicClock, answeredAtMs: number) {
    this.#clock = clock;
    this.#sample = { atMs: answeredAtMs, sinceWelcomeMs: 0 };
  }

  pinged(): void {
    this.#pingsAtMs.push(this.#clock.monotonicMs());
  }

  /** The newest sample counts, because two clocks drift apart. */
  ponged(sinceWelcomeMs: number): void {
    const atMs = this.#pingsAtMs.shift();
    if (atMs !== undefined) this.#sample = { atMs, sinceWelcomeMs };
  }

  /** The earliest time, on the device's clock, at which the server can have sent a frame. */
  sentAtMs(sinceWelcomeMs: number): number {
    return this.#sample.atMs + (sinceWelcomeMs - this.#sample.sinceWelcomeMs);
  }
}
