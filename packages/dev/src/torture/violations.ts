/** What must never be and was. Everything else goes on, so that one run shows all of it. */
export class Violations {
  readonly list: string[] = [];
  readonly #say: (text: string) => void;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  add(text: string): void {
    // One cause may show a thousand times.
    if (this.list.length >= MAX_KEPT) return;
    this.list.push(text);
    this.#say(`VIOLATION: ${text}`);
  }
}

const MAX_KEPT = 200;
