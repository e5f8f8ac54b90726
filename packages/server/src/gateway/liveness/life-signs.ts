import type { Clock } from "@halligan/protocol/time";

/** The callers that wait for a proof that the device's process is running now. */
export class LifeSigns {
  readonly #waiting = new Set<(proof: { nonce: string | null } | "over") => void>();

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * `nonce` is that of an answered probe, or null for any other frame. Other frames prove nothing
   * under link version 2: a process may have sent them before it ended.
   */
  heard(nonce: string | null): void {
    for (const waiting of this.#waiting) waiting({ nonce });
  }

  /** The connection has ended. */
  over(): void {
    for (const waiting of this.#waiting) waiting("over");
  }

  /**
   * Resolves to true when a probe with `nonce` is answered, or, if `nonce` is null, when any frame
   * arrives. Resolves to false when that takes too long.
   */
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
