import type { AgentFrame } from "@halligan/protocol/link";
import type { Clock } from "@halligan/protocol/time";

/**
 * A frame costs one more unit for each such number of bytes. Parsing takes 4 us per KiB, so these
 * bytes cost as much as reading and answering a ping.
 */
const BYTES_PER_UNIT = 2 * 1024;
const WINDOW_MS = 1_000;

/**
 * Units for handling a frame, in addition to reading it. A report costs a transaction; an end also
 * costs a signature check. A report that an order made due costs none of them
 * (`orders/due-reports.ts`).
 */
export const HANDLING_UNITS: Readonly<Record<AgentFrame["type"], number>> = {
  ping: 0,
  probeAnswer: 0,
  kept: 0,
  hello: 0,
  outputBegin: 0,
  output: 0,
  outputEnd: 0,
  started: 4,
  closed: 4,
  refused: 4,
  ended: 12,
};

/**
 * Takes back what the size of a frame costs. For output: the server has asked for so many bytes,
 * and asks for no more before it has passed them on, so their number is bounded by that.
 */
export const askedForUnits = (sizeBytes: number): number => -Math.floor(sizeBytes / BYTES_PER_UNIT);

/** Pauses and resumes reading from one connection. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/**
 * Bounds the cost of one connection. Frames beyond `unitsPerSecond` stay in the network until the
 * next second, or longer if the frames of one read cost more than that. An honest device with many
 * reports becomes slower but loses no frame and no connection.
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
    this.#startDueWindow();
    this.#units += 1 + Math.floor(sizeBytes / BYTES_PER_UNIT) + handlingUnits;
    if (this.#units < this.#unitsPerSecond || this.#cancelResume) return;
    reading.pause();
    this.#resumeLater(reading);
  }

  /** Called when the connection has ended. */
  stop(): void {
    this.#cancelResume?.();
    this.#cancelResume = null;
  }

  #resumeLater(reading: Reading): void {
    const delayMs = this.#windowBeganMs + WINDOW_MS - this.#clock.monotonicMs();
    this.#cancelResume = this.#clock.after(delayMs, () => {
      this.#cancelResume = null;
      this.#startDueWindow();
      if (this.#units < this.#unitsPerSecond) reading.resume();
      else this.#resumeLater(reading);
    });
  }

  /** Subtracts the allowance of each second that has passed since the window began. */
  #startDueWindow(): void {
    const nowMs = this.#clock.monotonicMs();
    const seconds = Math.floor((nowMs - this.#windowBeganMs) / WINDOW_MS);
    if (seconds < 1) return;
    this.#units = Math.max(0, this.#units - seconds * this.#unitsPerSecond);
    // Units above the allowance count against the current second. If there are none, the next
    // window begins with the next frame.
    this.#windowBeganMs = this.#units > 0 ? this.#windowBeganMs + seconds * WINDOW_MS : nowMs;
  }
}
