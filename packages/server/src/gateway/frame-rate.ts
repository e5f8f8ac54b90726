import type { Clock } from "../clock.ts";

/**
 * One more unit for each so many bytes of a frame: a large frame costs more to parse. The costliest, 2 MiB of empty arrays, takes 0.2 s, and
 * is the whole share of its second by default.
 */
const BYTES_PER_UNIT = 2 * 1024;
const WINDOW_MS = 1_000;

/** Stops and starts the reading of one connection. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/**
 * Bounds what one connection costs in parsing: beyond `unitsPerSecond` its frames stay in the network until the next
 * second. An honest device that has much to report is slower then; it loses no frame and no connection.
 */
export class FrameRate {
  readonly #clock: Clock;
  readonly #unitsPerSecond: number;
  #units = 0;
  #windowBeganMs = Number.NEGATIVE_INFINITY;
  #cancelResume: (() => void) | null = null;

  constructor(clock: Clock, unitsPerSecond: number) {
    this.#clock = clock;
    this.#unitsPerSecond = unitsPerSecond;
  }

  count(sizeBytes: number, reading: Reading): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowBeganMs >= WINDOW_MS) {
      this.#windowBeganMs = nowMs;
      this.#units = 0;
    }
    this.#units += 1 + Math.floor(sizeBytes / BYTES_PER_UNIT);
    if (this.#units < this.#unitsPerSecond || this.#cancelResume) return;
    reading.pause();
    this.#cancelResume = this.#clock.after(this.#windowBeganMs + WINDOW_MS - nowMs, () => {
      this.#cancelResume = null;
      reading.resume();
    });
  }

  /** The connection has ended. */
  stop(): void {
    this.#cancelResume?.();
    this.#cancelResume = null;
  }
}
