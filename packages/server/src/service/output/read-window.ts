const MIN_WINDOW_BYTES = 16 * 1024;
const FIRST_WINDOW_BYTES = 64 * 1024;
export const MAX_WINDOW_BYTES = 256 * 1024;
/**
 * A window that arrives faster than this may grow, one that takes longer than the other shrinks.
 */
const FAST_MS = 100;
const SLOW_MS = 1_000;

/**
 * How many bytes of one read may be on their way. On a slow link a heartbeat or a report waits
 * behind them, so the window follows the speed of the link: about a second of it at most.
 */
export class ReadWindow {
  #bytes = FIRST_WINDOW_BYTES;
  #arrivedBytes = 0;
  #sinceMs: number;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  arrived(bytes: number, nowMs: number): void {
    this.#arrivedBytes += bytes;
    if (this.#arrivedBytes < this.#bytes) return;
    const tookMs = nowMs - this.#sinceMs;
    if (tookMs < FAST_MS) this.#bytes = Math.min(this.#bytes * 2, MAX_WINDOW_BYTES);
    else if (tookMs > SLOW_MS) this.#bytes = Math.max(this.#bytes / 2, MIN_WINDOW_BYTES);
    this.#arrivedBytes = 0;
    this.#sinceMs = nowMs;
  }
}
