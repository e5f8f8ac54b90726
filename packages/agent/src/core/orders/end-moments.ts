/**
 * When commands of the held orders ended, by the monotonic clock of this process: what a report tells as `endedAgoMs`. Not in the
 * journal, because that clock means nothing to the next process; after a restart the moment is unknown.
 */
import type { Clock } from "../ports.ts";

export class EndMoments {
  readonly #clock: Clock;
  readonly #endedAtMs = new Map<number, Map<number, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The command has just ended; what it wrote may still have to be delivered. */
  note(orderSeq: number, index: number): void {
    const of = this.#endedAtMs.get(orderSeq) ?? new Map<number, number>();
    this.#endedAtMs.set(orderSeq, of.set(index, this.#clock.monotonicMs()));
  }

  agoMs(orderSeq: number, index: number): number | undefined {
    const atMs = this.#endedAtMs.get(orderSeq)?.get(index);
    return atMs === undefined ? undefined : Math.max(0, Math.round(this.#clock.monotonicMs() - atMs));
  }

  forget(orderSeq: number): void {
    this.#endedAtMs.delete(orderSeq);
  }
}
