/**
 * The lifetime of one process. After a crash, its ports do nothing and never answer. Code that
 * continues after the crash has no effect, as after SIGKILL.
 */
export class ProcessLifetime {
  #isOver = false;
  readonly #over = Promise.withResolvers<void>();

  /**
   * Resolves at the end of the lifetime, so that callers outside learn that no response will come.
   */
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

/** A wait that never ends, because the process has died. */
export const forever = <T>(): Promise<T> => new Promise<T>(() => undefined);
