import { createHash } from "node:crypto";

/** The events of a run as text, in order. The same seed gives the same text. */
export class Trace {
  readonly #lines: string[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  note(actor: string, event: string): void {
    this.#lines.push(`${String(this.#nowMs()).padStart(9)}  ${actor.padEnd(9)} ${event}`);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  sha256(): string {
    return createHash("sha256").update(this.#lines.join("\n")).digest("hex");
  }
}
