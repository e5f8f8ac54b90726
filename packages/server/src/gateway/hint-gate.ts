import type { Clock } from "../clock.ts";

const TICK_MS = 100;
/** Work of hints from other nodes: so much in a tick, and each key once in a tick. */
export const HINTS_PER_TICK = 100;

/** What becomes of a hint. The last of a key in a tick stands for those before it. */
export interface HintTarget<H> {
  deliver(hint: H): void;
  /** More keys than fit into a tick were named: hints were dropped. Called once in a tick. */
  overflowed(): void;
  /** A hint that was not delivered, because a later one of its key stands for it or because it was dropped. */
  dropped(): void;
}

/**
 * Bounds what hints of other nodes cost. Whoever may publish on the bus may send any number; each would be a look at
 * the store. The first hint of a key is delivered at once, so an honest node's hint takes no longer than without a gate.
 */
export class HintGate<H> {
  readonly #clock: Pick<Clock, "after">;
  readonly #target: HintTarget<H>;
  /** Delivered in this tick. */
  readonly #delivered = new Set<string>();
  /** Named again in this tick: delivered in the next one. */
  #waiting = new Map<string, H>();
  #hasOverflowed = false;
  #cancelTick: (() => void) | null = null;

  constructor(clock: Pick<Clock, "after">, target: HintTarget<H>) {
    this.#clock = clock;
    this.#target = target;
  }

  offer(key: string, hint: H): void {
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
    for (const [key, hint] of waiting) this.offer(key, hint);
    if (hasOverflowed) this.#target.overflowed();
  }
}
