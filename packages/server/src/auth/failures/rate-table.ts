import { chargedRate, type RequestRate, waitForRate } from "../../domain/identity/request-rate.ts";
import { lru } from "../../lru.ts";

/**
 * Keys that are counted at once, some 100 bytes each. The least recently used one is dropped first.
 */
const MAX_KEYS = 20_000;

/**
 * A rate for each key, in memory and for this process only, because an attacker's requests must not
 * cause writes to a shared store.
 */
export class RateTable {
  readonly #fullAtMs = lru<string, number>(MAX_KEYS);
  readonly #rate: RequestRate;
  readonly #monotonicMs: () => number;

  constructor(rate: RequestRate, monotonicMs: () => number) {
    this.#rate = rate;
    this.#monotonicMs = monotonicMs;
  }

  get size(): number {
    return this.#fullAtMs.size;
  }

  /**
   * How long the next request has to wait, in milliseconds; null when it may pass. Counts nothing.
   */
  waitMs(key: string): number | null {
    return waitForRate(this.#fullAtMs.get(key), this.#rate, this.#monotonicMs());
  }

  charge(key: string): void {
    this.#fullAtMs.set(key, chargedRate(this.#fullAtMs.get(key), this.#rate, this.#monotonicMs()));
  }

  /**
   * Counts the request if it may pass. A refused request is not counted, so a caller that waits for
   * the given time passes.
   */
  take(key: string): number | null {
    const waitMs = this.waitMs(key);
    if (waitMs === null) this.charge(key);
    return waitMs;
  }
}
