/** Of one connection: what waits must not wait longer than it lasts. */
export class Lifetime {
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  end(): void {
    this.#isOver = true;
    for (const over of this.#waiting) over();
  }

  /** The result of `work`, or false when the connection ends before. */
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
