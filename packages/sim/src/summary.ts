import type { Outcome } from "./schedule.ts";

/** What many schedules came to, in one line. */
export class Summary {
  #schedules = 0;
  #steps = 0;
  #actions = 0;
  #simulatedMs = 0;
  #violations = 0;
  readonly #faults = new Map<string, number>();

  add(outcome: Outcome): void {
    this.#schedules += 1;
    this.#steps += outcome.steps;
    this.#actions += outcome.actions;
    this.#simulatedMs += outcome.lastedMs;
    if (outcome.violation) this.#violations += 1;
    for (const [kind, count] of outcome.faults) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count);
  }

  get violations(): number {
    return this.#violations;
  }

  /** Kinds of faults that were injected, most frequent first. */
  get faults(): ReadonlyMap<string, number> {
    return this.#faults;
  }

  text(seconds: number): string {
    const faults = [...this.#faults].toSorted(([, a], [, b]) => b - a).map(([kind, count]) => `${kind} ${count}`);
    const hours = Math.round(this.#simulatedMs / 3_600_000);
    return (
      `${this.#schedules} schedules in ${seconds.toFixed(1)} s, ${this.#steps} steps, ${hours} simulated hours, ${this.#actions} actions, ` +
      `${this.#violations} violations; faults: ${faults.join(", ") || "none"}`
    );
  }
}
