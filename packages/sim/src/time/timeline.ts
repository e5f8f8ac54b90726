import type { Random } from "./random.ts";

interface Entry {
  atMs: number;
  /** Random, so that events of the same time run in any order. */
  rank: number;
  seq: number;
  run: (() => void) | null;
}

/**
 * The only clock and event queue of a run. It never waits for real time; it moves to the next
 * event.
 */
export class Timeline {
  readonly #random: Random;
  readonly #heap: Entry[] = [];
  #nowMs = 0;
  #seq = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds since the run began; never goes back. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Calls `run` once after `delayMs`, unless the returned function cancels it before. */
  after(delayMs: number, run: () => void): () => void {
    this.#seq += 1;
    const entry: Entry = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      rank: this.#random.fraction(),
      seq: this.#seq,
      run,
    };
    this.#push(entry);
    return () => {
      entry.run = null;
    };
  }

  /**
   * Moves the time to the next event and runs it. Returns false when there is none before
   * `untilMs`.
   */
  step(untilMs: number): boolean {
    for (;;) {
      const first = this.#heap[0];
      if (!first || first.atMs > untilMs) return false;
      this.#pop();
      if (!first.run) continue;
      this.#nowMs = first.atMs;
      first.run();
      return true;
    }
  }

  /** Advances time without an event. */
  moveTo(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (!parent || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let least = heap[child];
      if (!least) break;
      const other = heap[child + 1];
      if (other && isBefore(other, least)) {
        least = other;
        child += 1;
      }
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.seq < b.seq;
}
