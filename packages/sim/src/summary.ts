import type { Outcome } from "./schedule.ts";

/** The results of many schedules, in one line. */
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

  /** Kinds of injected faults, most frequent first. */
  get faults(): ReadonlyMap<string, number> {
    return this.#faults;
  }

  /** For `docs/reliability-runs.jsonl`. */
  facts() {
    return {
      schedules: this.#schedules,
      steps: this.#steps,
      simulatedHours: Math.round(this.#simulatedMs / 3_600_000),
      actions: this.#actions,
      violations: this.#violations,
      faults: Object.fromEntries([...this.#faults].toSorted(([, a], [, b]) => b - a)),
    };
  }

  text(seconds: number): string {
    const { schedules, steps, simulatedHours, actions, violations, faults } = this.facts();
    const faultList = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
    return (
      `${schedules} schedules in ${seconds.toFixed(1)} s, ${steps} steps, ${simulatedHours} simulated hours, ${actions} actions, ` +
      `${violations} violations; faults: ${faultList.join(", ") || "none"}`
    );
  }
}
