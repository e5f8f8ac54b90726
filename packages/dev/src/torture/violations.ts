/** Violated invariants of a run. The run continues, so that it reports all of them. */
export class Violations {
  readonly list: string[] = [];
  readonly #say: (text: string) => void;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  add(text: string): void {
    // One cause may produce a thousand violations.
    if (this.list.length >= MAX_KEPT) return;
    this.list.push(text);
    this.#say(`VIOLATION: ${text}`);
  }
}

const MAX_KEPT = 200;
