/**
 * Runs tasks strictly one after another, in the order in which they were added. A task that fails
 * does not stop the next one.
 */
export class SerialQueue {
  readonly #failed: (cause: unknown) => void;
  #last: Promise<void> = Promise.resolve();
  #length = 0;

  constructor(failed: (cause: unknown) => void) {
    this.#failed = failed;
  }

  /** Tasks that have not ended. */
  get length(): number {
    return this.#length;
  }

  /** Resolves when every task that was added before has ended. */
  get settled(): Promise<void> {
    return this.#last;
  }

  add(work: () => Promise<void>): void {
    this.#length += 1;
    this.#last = this.#after(this.#last, work);
  }

  async #after(before: Promise<void>, work: () => Promise<void>): Promise<void> {
    await before;
    try {
      await work();
    } catch (cause) {
      this.#failed(cause);
    } finally {
      this.#length -= 1;
    }
  }
}
