import { PART_BYTES } from "@halligan/protocol/link";
import type { StoredPart } from "../part-log.ts";

/**
 * An upload that is being read before its end, shared by its readers. `gone`: it was removed, and
 * the bytes may be wrong.
 */
export class Arrival {
  /** From the first byte on, without a gap. */
  durableBytes = 0;
  state: "arriving" | "complete" | "gone" = "arriving";
  #nextPart = 0;
  readonly #listeners = new Set<() => void>();

  stored(parts: ReadonlyMap<number, StoredPart>): void {
    for (let part = parts.get(this.#nextPart); part !== undefined; part = parts.get(this.#nextPart)) {
      this.durableBytes = this.#nextPart * PART_BYTES + part.sizeBytes;
      // What follows a short part is not the continuation, and no completion accepts it.
      if (part.sizeBytes < PART_BYTES) break;
      this.#nextPart += 1;
    }
    this.#changed();
  }

  completed(sizeBytes: number): void {
    this.durableBytes = sizeBytes;
    this.state = "complete";
    this.#changed();
  }

  removed(): void {
    this.state = "gone";
    this.#changed();
  }

  /** Returns the function that ends the subscription. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when there are more than `bytes`, when no more will come, or when `signal` aborts. */
  async beyond(bytes: number, signal: AbortSignal): Promise<void> {
    while (this.state === "arriving" && this.durableBytes <= bytes && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const done = () => resolve();
      const unsubscribe = this.onChange(done);
      signal.addEventListener("abort", done, { once: true });
      await promise;
      unsubscribe();
      signal.removeEventListener("abort", done);
    }
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The uploads that have readers now. The number of readers is bounded by the caller. */
export class Arrivals {
  readonly #open = new Map<string, { readonly arrival: Arrival; readers: number }>();

  /** Disposing it ends the reading. */
  follow(resultId: string): { readonly arrival: Arrival } & Disposable {
    const known = this.#open.get(resultId) ?? { arrival: new Arrival(), readers: 0 };
    known.readers += 1;
    this.#open.set(resultId, known);
    let isHeld = true;
    return {
      arrival: known.arrival,
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        known.readers -= 1;
        if (known.readers === 0 && this.#open.get(resultId) === known) this.#open.delete(resultId);
      },
    };
  }

  stored(resultId: string, parts: ReadonlyMap<number, StoredPart>): void {
    this.#open.get(resultId)?.arrival.stored(parts);
  }

  completed(resultId: string, sizeBytes: number): void {
    this.#end(resultId)?.completed(sizeBytes);
  }

  removed(resultId: string): void {
    this.#end(resultId)?.removed();
  }

  /** Later readers begin with a state of their own. */
  #end(resultId: string): Arrival | undefined {
    const arrival = this.#open.get(resultId)?.arrival;
    this.#open.delete(resultId);
    return arrival;
  }
}
