import type { Refused } from "@halligan/protocol/link";

/**
 * Limits the log to one line for each order and code, because a device may refuse any number of
 * times.
 */
export class RefusalLog {
  /** The last order whose refusal was logged, by code. */
  readonly #logged = new Map<Refused["code"], number>();

  /** False when the refusal was logged before. */
  add({ code, orderSeq }: Refused): boolean {
    if ((this.#logged.get(code) ?? 0) >= orderSeq) return false;
    this.#logged.set(code, orderSeq);
    return true;
  }
}
