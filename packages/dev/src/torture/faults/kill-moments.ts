import { sleep, systemClock } from "@halligan/protocol/time";
import type { SeededRandom } from "../seeded-random.ts";

/** Lines after which a kill hits a window that a kill at a random time seldom hits. */
const WINDOW_LINES =
  /"msg":"(order sent|agent connection ready|listening)"|"operation":"(PutResultPart|CompleteResult|GetOrderFile|RunLiveResponse|CancelMachineAction)"|"msg":"start asked"|"event":"(orderAccepted|commandStarted|commandEnded|scriptInterrupted|linked|agentStarted)"/;

/** Reported by this process itself: it has sent a start and has no response yet. */
export const START_REQUESTED = '"msg":"start asked"';

/** When to kill next: at a random time, or right after a program has logged such a line. */
export class KillMoments {
  readonly #random: SeededRandom;
  #waiting: { skip: number; resolve: (program: string) => void } | null = null;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  observe(program: string, line: string): void {
    if (!this.#waiting || !WINDOW_LINES.test(line)) return;
    this.#waiting.skip -= 1;
    if (this.#waiting.skip < 0) this.#waiting.resolve(program);
  }

  /**
   * Returns the program that has logged a line, or null. Waits for `atMostMs` and one short delay
   * at most.
   */
  async next(atMostMs: number, signal: AbortSignal): Promise<string | null> {
    const random = this.#random;
    const listens = random.chance(0.75);
    const reported = Promise.withResolvers<string>();
    const over = new AbortController();
    if (listens) this.#waiting = { skip: random.between(0, 6), resolve: reported.resolve };
    const limitMs = listens ? atMostMs : random.between(0, atMostMs);
    let program: string | null = null;
    try {
      program = await Promise.race([
        reported.promise,
        sleep(systemClock, limitMs, AbortSignal.any([signal, over.signal])).then(() => null),
      ]);
    } finally {
      over.abort();
      this.#waiting = null;
    }
    // A short delay lets the work that follows the line reach the wire or a script's own output.
    const laterMs = random.pick([0, 0, 1, 3, 6, 10, 20, 60, 250, 600]);
    if (laterMs > 0) await sleep(systemClock, laterMs, signal);
    return program;
  }
}
