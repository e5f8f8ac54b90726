/** Number of keys that are remembered. An evicted key starts with a full bucket. */
const MAX_KEYS = 65_536;

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * One token bucket per key: a minute's tokens at once, refilled at the same rate. Times are those
 * of the caller's monotonic clock.
 */
export class TokenBuckets {
  readonly #perMinute: number;
  readonly #buckets = new Map<string, Bucket>();

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
    this.#makeRoom(nowMs);
    const bucket = { tokens: this.#perMinute, atMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** A bucket that was not used for a minute is full, like a new one. */
  #makeRoom(nowMs: number): void {
    if (this.#buckets.size < MAX_KEYS) return;
    for (const [key, { atMs }] of this.#buckets) if (nowMs - atMs >= 60_000) this.#buckets.delete(key);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size >= MAX_KEYS && !oldest.done) this.#buckets.delete(oldest.value);
  }
}
