/**
 * Reads a stream of bytes that is divided by marks. Holds one chunk and what may be the beginning
 * of a mark.
 */
export class DelimitedBytes {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer;

  /** `first`: bytes that come before those of the source. */
  constructor(source: AsyncIterator<Uint8Array>, first: Uint8Array) {
    this.#source = source;
    this.#held = Buffer.from(first);
  }

  /** The next bytes, without taking them; fewer than `sizeBytes` only at the end. */
  async peek(sizeBytes: number): Promise<Buffer> {
    while (this.#held.length < sizeBytes) if (!(await this.#more())) break;
    return this.#held.subarray(0, sizeBytes);
  }

  skip(sizeBytes: number): void {
    this.#held = this.#held.subarray(sizeBytes);
  }

  /**
   * Takes what comes before the mark, without the mark, which stays; null when it does not come
   * within `maxBytes`.
   */
  async takeBefore(mark: Buffer, maxBytes: number): Promise<Buffer | null> {
    for (let from = 0; ; ) {
      const at = this.#held.indexOf(mark, from);
      if (at > maxBytes) return null;
      if (at >= 0) {
        const taken = this.#held.subarray(0, at);
        this.skip(at);
        return taken;
      }
      from = Math.max(0, this.#held.length - mark.length + 1);
      if (from > maxBytes || !(await this.#more())) return null;
    }
  }

  /**
   * Passes on what comes before the mark and takes the mark. True when it came, false when the
   * source ended before.
   */
  async *contentBefore(mark: Buffer): AsyncGenerator<Buffer, boolean, undefined> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      const end = at >= 0 ? at : Math.max(0, this.#held.length - mark.length + 1);
      const content = this.#held.subarray(0, end);
      this.skip(at >= 0 ? at + mark.length : end);
      if (content.length > 0) yield content;
      if (at >= 0) return true;
      if (!(await this.#more())) return false;
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#held = this.#held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#held, next.value]);
    return true;
  }
}
