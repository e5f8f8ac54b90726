/** The lifetime of one connection. A wait that belongs to the connection ends with it. */
export class Lifetime {
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  end(): void {
    this.#isOver = true;
    for (const over of this.#waiting) over();
  }

  /** Resolves to the result of `work`, or to false if the connection ends first. */
  async unlessOver(work: Promise<boolean>): Promise<boolean> {
    if (this.#isOver) return false;
    const { promise, resolve } = Promise.withResolvers<false>();
    const over = () => resolve(false);
    this.#waiting.add(over);
    try {
      return await Promise.race([work, promise]);
    } finally {
      this.#waiting.delete(over);
    }
  }
}
