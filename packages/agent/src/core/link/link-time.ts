/**
 * How old what the server sent is, at most. Each of its frames carries the milliseconds since its welcome, by its monotonic clock;
 * this side knows when it had sent what the server answered. So the age rests on two monotonic clocks and not on a wall
 * clock, and whoever delays frames, the answer of the handshake too, can make them look older, never younger.
 */
import type { Clock } from "../ports.ts";

export class LinkTime {
  readonly #clock: Clock;
  /** The server's time was `linkMs` at this moment of the own clock, or later. */
  #sample: { atMs: number; linkMs: number };
  /** Pings that were not answered yet. The server answers each one, in order. */
  readonly #pingsAtMs: number[] = [];

  /** @param answeredAtMs when this side sent its answer to the challenge: the welcome, at 0, came after it */
  constructor(clock: Clock, answeredAtMs: number) {
    this.#clock = clock;
    this.#sample = { atMs: answeredAtMs, linkMs: 0 };
  }

  pinged(): void {
    this.#pingsAtMs.push(this.#clock.monotonicMs());
  }

  /** The newest sample counts, because two clocks drift apart. */
  ponged(linkMs: number): void {
    const atMs = this.#pingsAtMs.shift();
    if (atMs !== undefined) this.#sample = { atMs, linkMs };
  }

  /** The earliest moment, on the own clock, at which the server can have sent a frame. */
  sentAtMs(linkMs: number): number {
    return this.#sample.atMs + (linkMs - this.#sample.linkMs);
  }
}
