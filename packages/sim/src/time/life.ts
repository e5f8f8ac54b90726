/**
 * One incarnation of a process. After its death its ports are deaf and dumb: what its code still does reaches nobody, as after SIGKILL.
 */
export class Life {
  #isOver = false;
  readonly #over = Promise.withResolvers<void>();

  /** Resolves at the death: how those outside learn that no answer comes. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
    this.#over.resolve();
  }
}

/** A wait that death has made endless. */
export const forever = <T>(): Promise<T> => new Promise<T>(() => undefined);
