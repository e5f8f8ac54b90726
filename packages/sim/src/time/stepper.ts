import type { Timeline } from "./timeline.ts";

/** Advances time event by event. All work that an event causes runs before the next event. */
export class Stepper {
  readonly #timeline: Timeline;
  readonly #isOver: () => boolean;
  readonly #quiet: () => Promise<void>;
  #steps = 0;

  /**
   * `isOver`: checked before each step; true stops the run. `quiet`: resolves when all work of a
   * step has run.
   */
  constructor(timeline: Timeline, isOver: () => boolean, quiet: () => Promise<void>) {
    this.#timeline = timeline;
    this.#isOver = isOver;
    this.#quiet = quiet;
  }

  get steps(): number {
    return this.#steps;
  }

  async runFor(ms: number): Promise<void> {
    const untilMs = this.#timeline.nowMs + ms;
    while (!this.#isOver() && (await this.#step(untilMs)));
    this.#timeline.moveTo(untilMs);
  }

  /** Advances time until `work` settles. */
  async runUntil(work: Promise<void>): Promise<void> {
    const settled = { isDone: false };
    const done = work.finally(() => {
      settled.isDone = true;
    });
    done.catch(() => undefined);
    await this.#quiet();
    while (!settled.isDone) {
      if (!(await this.#step(Number.POSITIVE_INFINITY))) throw new Error("nothing is left that could end this");
    }
    await done;
  }

  async #step(untilMs: number): Promise<boolean> {
    if (!this.#timeline.step(untilMs)) return false;
    this.#steps += 1;
    await this.#quiet();
    return true;
  }
}
