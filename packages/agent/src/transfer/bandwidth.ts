/** The bandwidth cap of transfers: one token bucket for each direction, shared by all transfers. */
import { type MonotonicClock, sleep } from "@halligan/protocol/time";

export interface Bandwidth {
  upload: TokenBucket;
  download: TokenBucket;
}

/** What may go at once after a pause: the bytes of this time. */
const BURST_MS = 250;

export class TokenBucket {
  readonly #clock: MonotonicClock;
  readonly #bytesPerMs: number;
  /** When all bytes that were taken have had their time. */
  #paidUntilMs = Number.NEGATIVE_INFINITY;

  /** @param bytesPerSecond 0: no cap */
  constructor(clock: MonotonicClock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  /** The largest number of bytes to take at once, so that the stream does not come in bursts. */
  sliceBytes(mostBytes: number): number {
    return this.#bytesPerMs === 0 ? mostBytes : Math.min(mostBytes, Math.ceil(this.#bytesPerMs * BURST_MS));
  }

  /** Resolves when so many bytes may go. Rejects with the signal's reason. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerMs === 0) return;
    const nowMs = this.#clock.monotonicMs();
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs - BURST_MS) + bytes / this.#bytesPerMs;
    const waitMs = this.#paidUntilMs - nowMs;
    if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
  }
}

export const bandwidth = (
  clock: MonotonicClock,
  settings: { uploadRateBytes: number; downloadRateBytes: number },
): Bandwidth => ({
  upload: new TokenBucket(clock, settings.uploadRateBytes),
  download: new TokenBucket(clock, settings.downloadRateBytes),
});
