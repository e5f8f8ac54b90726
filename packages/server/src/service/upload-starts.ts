/**
 * Says on this node that the device begins to send a result. The hints of the bus leave out the
 * first moments of a transfer, in which a whole file may arrive.
 */
export class UploadStarts {
  readonly #listeners = new Map<string, Set<() => void>>();

  started(actionId: string, index: number): void {
    for (const listener of [...(this.#listeners.get(`${actionId} ${index}`) ?? [])]) listener();
  }

  /** Returns the function that ends the subscription. */
  onStart(actionId: string, index: number, listener: () => void): () => void {
    const key = `${actionId} ${index}`;
    const known = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, known.add(listener));
    return () => {
      known.delete(listener);
      if (known.size === 0 && this.#listeners.get(key) === known) this.#listeners.delete(key);
    };
  }
}
