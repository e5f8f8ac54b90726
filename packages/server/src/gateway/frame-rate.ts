import type { AgentFrame } from "@halligan/protocol/link";
import type { Clock } from "../clock.ts";

/** One more unit for each so many bytes of a frame: at 4 us for a KiB it costs as much as a ping to read and answer. */
const BYTES_PER_UNIT = 2 * 1024;
const WINDOW_MS = 1_000;

/** What handling a frame costs on top of reading it, in units: a report takes a transaction, an end a signature as well. */
export const HANDLING_UNITS: Readonly<Record<AgentFrame["type"], number>> = {
  ping: 0,
  probeAnswer: 0,
  kept: 0,
  hello: 0,
  started: 4,
  closed: 4,
  refused: 4,
  ended: 12,
};

/** Stops and starts the reading of one connection. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/**
 * Bounds what one connection costs: beyond `unitsPerSecond` its frames stay in the network until the next second, or
 * longer where the frames of one read came to more. An honest device that has much to report is slower then; it loses no
 * frame and no connection.
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

  /** @param handlingUnits one of {@link HANDLING_UNITS} */
  count(sizeBytes: number, handlingUnits: number, reading: Reading): void {
    this.#forgetPast();
    this.#units += 1 + Math.floor(sizeBytes / BYTES_PER_UNIT) + handlingUnits;
    if (this.#units < this.#unitsPerSecond || this.#cancelResume) return;
    reading.pause();
    this.#resumeLater(reading);
  }

  /** The connection has ended. */
  stop(): void {
    this.#cancelResume?.();
    this.#cancelResume = null;
  }

  #resumeLater(reading: Reading): void {
    const delayMs = this.#windowBeganMs + WINDOW_MS - this.#clock.monotonicMs();
    this.#cancelResume = this.#clock.after(delayMs, () => {
      this.#cancelResume = null;
      this.#forgetPast();
      if (this.#units < this.#unitsPerSecond) reading.resume();
      else this.#resumeLater(reading);
    });
  }

  /** Each second that has passed takes its share of the units. */
  #forgetPast(): void {
    const nowMs = this.#clock.monotonicMs();
    const seconds = Math.floor((nowMs - this.#windowBeganMs) / WINDOW_MS);
    if (seconds < 1) return;
    this.#units = Math.max(0, this.#units - seconds * this.#unitsPerSecond);
    // What is left over belongs to a second that goes on; otherwise the next second begins with the next frame.
    this.#windowBeganMs = this.#units > 0 ? this.#windowBeganMs + seconds * WINDOW_MS : nowMs;
  }
}
