import { type MonotonicClock, sleep } from "@halligan/protocol/time";
/**
 * The limits of a transfer: its whole time, and the longest time in which no byte moves, for all of
 * it and for one request.
 */

/** A transfer that will not succeed; the message is for people. */
export class TransferFailedError extends Error {
  override name = "TransferFailedError";
}

export class TransferWatch {
  readonly #clock: MonotonicClock;
  readonly #over = new AbortController();
  readonly #gaveUp = new AbortController();
  #movedAtMs: number;
  #lastRefusal: string | null = null;
  /**
   * Aborted with {@link TransferFailedError} when a limit is passed, or with the outer signal's
   * reason.
   */
  readonly signal: AbortSignal;

  /** @param limits null for a transfer that is tried until it is aborted */
  constructor(
    clock: MonotonicClock,
    limits: { transferTimeoutMs: number; stallTimeoutMs: number } | null,
    outer: AbortSignal,
  ) {
    this.#clock = clock;
    this.#movedAtMs = clock.monotonicMs();
    this.signal = AbortSignal.any([outer, this.#gaveUp.signal]);
    if (!limits) return;
    const ends = AbortSignal.any([outer, this.#over.signal]);
    const giveUp = (message: string) => () => {
      const refusal = this.#lastRefusal === null ? "" : ` The server's last answer was: ${this.#lastRefusal}`;
      this.#gaveUp.abort(new TransferFailedError(`${message}${refusal}`));
    };
    const { transferTimeoutMs, stallTimeoutMs } = limits;
    sleep(clock, transferTimeoutMs, ends)
      .then(giveUp(`The transfer did not end within ${durationText(transferTimeoutMs)}.`))
      .catch(() => undefined);
    this.#silentFor(stallTimeoutMs, ends)
      .then(giveUp(`The transfer made no progress for ${durationText(stallTimeoutMs)}.`))
      .catch(() => undefined);
  }

  /** Bytes moved. */
  moved(): void {
    this.#movedAtMs = this.#clock.monotonicMs();
  }

  /**
   * The server asked the agent to try again later; null once it has accepted something. The message
   * explains a limit that is passed later.
   */
  refused(message: string | null): void {
    this.#lastRefusal = message;
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  /** Resolves when no byte has moved for this long, counted from the call. */
  async silentRequest(ms: number, signal: AbortSignal): Promise<void> {
    const begunAtMs = this.#clock.monotonicMs();
    await this.#silentFor(ms, signal, begunAtMs);
  }

  async #silentFor(ms: number, signal: AbortSignal, begunAtMs = 0): Promise<void> {
    for (;;) {
      const leftMs = Math.max(this.#movedAtMs, begunAtMs) + ms - this.#clock.monotonicMs();
      if (leftMs <= 0) return;
      await sleep(this.#clock, leftMs, signal);
    }
  }
}

/** "10 minutes", "90 seconds", "250 milliseconds". */
export function durationText(ms: number): string {
  const units: [number, string][] = [
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1_000, "second"],
  ];
  for (const [unitMs, name] of units) {
    if (ms >= unitMs && ms % unitMs === 0) return `${ms / unitMs} ${name}${ms === unitMs ? "" : "s"}`;
  }
  return `${ms} milliseconds`;
}
