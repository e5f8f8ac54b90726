import type { Clock } from "@halligan/protocol/time";

const TICK_MS = 100;
/**
 * Bounds the work that hints from other nodes cause: a number of keys per tick, and each key once
 * per tick.
 */
export const HINTS_PER_TICK = 100;

/**
 * Callbacks for the outcome of a hint. The last hint for a key in a tick replaces those before it.
 */
export interface HintTarget<H> {
  deliver(hint: H): void;
  /** Hints were dropped, because a tick had too many keys. Called once per tick. */
  overflowed(): void;
  /** A hint was not delivered: a later hint replaced it, or it was dropped. */
  dropped(): void;
}

/**
 * Bounds the cost of hints from other nodes. Any client of the bus can send any number of hints,
 * and each one would cause a query. The first hint for a key is delivered at once, so the gate does
 * not delay the hint of an honest node.
 */
export class HintGate<H> {
  readonly #clock: Pick<Clock, "after">;
  readonly #target: HintTarget<H>;
  /** Keys that were delivered in this tick. */
  readonly #delivered = new Set<string>();
  /** Keys that came again in this tick. They are delivered in the next one. */
  #waiting = new Map<string, H>();
  #hasOverflowed = false;
  #cancelTick: (() => void) | null = null;

  constructor(clock: Pick<Clock, "after">, target: HintTarget<H>) {
    this.#clock = clock;
    this.#target = target;
  }

  deliverOrQueue(key: string, hint: H): void {
    if (!this.#delivered.has(key) && this.#delivered.size < HINTS_PER_TICK) {
      this.#delivered.add(key);
      this.#cancelTick ??= this.#clock.after(TICK_MS, () => this.#tick());
      this.#target.deliver(hint);
      return;
    }
    const isKnown = this.#waiting.has(key);
    if (isKnown || this.#waiting.size >= HINTS_PER_TICK) this.#target.dropped();
    if (isKnown || this.#waiting.size < HINTS_PER_TICK) this.#waiting.set(key, hint);
    else this.#hasOverflowed = true;
  }

  close(): void {
    this.#cancelTick?.();
    this.#waiting.clear();
  }

  #tick(): void {
    this.#cancelTick = null;
    this.#delivered.clear();
    const waiting = this.#waiting;
    this.#waiting = new Map();
    const hasOverflowed = this.#hasOverflowed;
    this.#hasOverflowed = false;
    for (const [key, hint] of waiting) this.deliverOrQueue(key, hint);
    if (hasOverflowed) this.#target.overflowed();
  }
}
