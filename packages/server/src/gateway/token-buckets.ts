import { lru } from "../lru.ts";

/**
 * Number of keys that are remembered. The least recently used one is evicted. It has a full bucket
 * when it comes back.
 */
const MAX_KEYS = 65_536;

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * One token bucket per key. A bucket holds the tokens of one minute and is refilled at that rate.
 * Times are those of the caller's monotonic clock.
 */
export class TokenBuckets {
  readonly #perMinute: number;
  readonly #buckets = lru<string, Bucket>(MAX_KEYS);

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Takes a token. Returns 0 when there was one, else the milliseconds until there is one. */
  takeToken(key: string, nowMs: number): number {
    const bucket = this.#bucketOf(key, nowMs);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * 60_000) / this.#perMinute);
    bucket.tokens -= 1;
    return 0;
  }

  /** Gives back a token whose use caused no load. */
  returnToken(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.tokens = Math.min(this.#perMinute, bucket.tokens + 1);
  }

  get size(): number {
    return this.#buckets.size;
  }

  #bucketOf(key: string, nowMs: number): Bucket {
    const known = this.#buckets.get(key);
    if (known) {
      known.tokens = Math.min(this.#perMinute, known.tokens + ((nowMs - known.atMs) * this.#perMinute) / 60_000);
      known.atMs = nowMs;
      return known;
    }
    const bucket = { tokens: this.#perMinute, atMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
