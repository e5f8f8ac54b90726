import { sleep, systemClock } from "@halligan/protocol/time";
import type { SeededRandom } from "../seeded-random.ts";

/** Lines after which a kill meets the windows that a random time seldom does. */
const TELLING =
  /"msg":"(order sent|agent connection ready|listening)"|"operation":"(PutResultPart|CompleteResult|GetOrderFile|RunLiveResponse|CancelMachineAction)"|"msg":"start asked"|"event":"(orderAccepted|commandStarted|commandEnded|scriptInterrupted|linked|agentStarted)"/;

/** What this process itself has to tell: a start was sent and is not answered yet. */
export const ASKING = '"msg":"start asked"';

/** When to strike next: at a random time, or right after a program has said something telling. */
export class Moments {
  readonly #random: SeededRandom;
  #waiting: { skip: number; strike: (program: string) => void } | null = null;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  heard(program: string, line: string): void {
    if (!this.#waiting || !TELLING.test(line)) return;
    this.#waiting.skip -= 1;
    if (this.#waiting.skip < 0) this.#waiting.strike(program);
  }

  /**
   * The program that has said something, or null. Never much longer than `atMostMs`, whatever is
   * said.
   */
  async next(atMostMs: number, signal: AbortSignal): Promise<string | null> {
    const random = this.#random;
    const listens = random.chance(0.75);
    const told = Promise.withResolvers<string>();
    const over = new AbortController();
    if (listens) this.#waiting = { skip: random.between(0, 6), strike: told.resolve };
    const limitMs = listens ? atMostMs : random.between(0, atMostMs);
    let program: string | null = null;
    try {
      program = await Promise.race([
        told.promise,
        sleep(systemClock, limitMs, AbortSignal.any([signal, over.signal])).then(() => null),
      ]);
    } finally {
      over.abort();
      this.#waiting = null;
    }
    // Some of what follows a line is on the wire by then, or a script has written its own.
    const laterMs = random.pick([0, 0, 1, 3, 6, 10, 20, 60, 250, 600]);
    if (laterMs > 0) await sleep(systemClock, laterMs, signal);
    return program;
  }
}
