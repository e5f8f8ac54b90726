import type { Clock } from "../../clock.ts";

/** Those who wait for a proof that the device's process runs now. */
export class LifeSigns {
  readonly #waiting = new Set<(proof: { nonce: string | null } | "over") => void>();

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Frames that a process sent before it ended may arrive later: `nonce` is that of an answered probe, null for any other frame. */
  heard(nonce: string | null): void {
    for (const waiting of this.#waiting) waiting({ nonce });
  }

  /** The connection has ended. */
  over(): void {
    for (const waiting of this.#waiting) waiting("over");
  }

  /** True as soon as a probe with `nonce` is answered, or any frame comes where it is null; false when that takes too long. */
  async within(clock: Clock, withinMs: number, nonce: string | null): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting = (proof: { nonce: string | null } | "over") => {
      if (proof === "over") resolve(false);
      else if (nonce === null || proof.nonce === nonce) resolve(true);
    };
    this.#waiting.add(waiting);
    const cancelTimer = clock.after(withinMs, () => resolve(false));
    try {
      return await promise;
    } finally {
      cancelTimer();
      this.#waiting.delete(waiting);
    }
  }
}
