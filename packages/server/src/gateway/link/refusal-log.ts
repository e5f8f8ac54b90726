import type { Refused } from "@halligan/protocol/link";

/** A device may refuse as often as it likes: one log line for each order and code. */
export class RefusalLog {
  /** The last order whose refusal was logged, by code. */
  readonly #logged = new Map<Refused["code"], number>();

  /** False when there is a line about it. */
  add({ code, orderSeq }: Refused): boolean {
    if ((this.#logged.get(code) ?? 0) >= orderSeq) return false;
    this.#logged.set(code, orderSeq);
    return true;
  }
}
