import { OLDEST_LINK_VERSION } from "@halligan/protocol/link";
import type { Clock } from "@halligan/protocol/time";

const PROBE_NONCE_BYTES = 16;

/** Null in link version 1, which has no probe. Draws the random bytes in both versions. */
export function probeNonce(random: (size: number) => Uint8Array, version: number): string | null {
  const bytes = random(PROBE_NONCE_BYTES);
  return version === OLDEST_LINK_VERSION ? null : Buffer.from(bytes).toString("hex");
}

/** The callers that wait for a sign that the device's process is running now. */
export class LivenessWaiters {
  readonly #waiting = new Set<(sign: { nonce: string | null } | "over") => void>();

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * `nonce` is that of an answered probe, or null for any other frame. Other frames show nothing
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
    const waiting = (sign: { nonce: string | null } | "over") => {
      if (sign === "over") resolve(false);
      else if (nonce === null || sign.nonce === nonce) resolve(true);
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
