/**
 * When the commands of held orders ended, on the monotonic clock of this process. Reports carry it
 * as `endedAgoMs`. It is not in the journal, because the clock of one process means nothing to the
 * next one. After a restart, the time is unknown.
 */
import type { MonotonicClock } from "@halligan/protocol/time";

export class EndTimes {
  readonly #clock: MonotonicClock;
  readonly #endedAtMs = new Map<number, Map<number, number>>();

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
  }

  /** Records that the command has just ended. Its output may still have to be delivered. */
  record(orderSeq: number, index: number): void {
    const of = this.#endedAtMs.get(orderSeq) ?? new Map<number, number>();
    this.#endedAtMs.set(orderSeq, of.set(index, this.#clock.monotonicMs()));
  }

  agoMs(orderSeq: number, index: number): number | undefined {
    const atMs = this.#endedAtMs.get(orderSeq)?.get(index);
    return atMs === undefined ? undefined : Math.max(0, Math.round(this.#clock.monotonicMs() - atMs));
  }

  remove(orderSeq: number): void {
    this.#endedAtMs.delete(orderSeq);
  }
}
