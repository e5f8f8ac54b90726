import type { Clock } from "@halligan/protocol/time";

/**
 * Detects that no frame has come for `limitMs`. One timer serves many frames: a frame only updates
 * the time of the last one.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #limitMs: number;
  #heardAtMs: number;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#heardAtMs = clock.monotonicMs();
  }

  heard(): void {
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  /** Milliseconds since the last frame. */
  get silentMs(): number {
    return this.#clock.monotonicMs() - this.#heardAtMs;
  }

  start(silent: () => void): void {
    const { silentMs } = this;
    if (silentMs >= this.#limitMs) silent();
    else this.#cancel = this.#clock.after(this.#limitMs - silentMs, () => this.start(silent));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
