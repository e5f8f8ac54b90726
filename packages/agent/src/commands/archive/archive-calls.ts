import { reasonOf } from "../../disk/errno.ts";
import { TransferFailedError } from "../../transfer/transfer-watch.ts";
import { fileCalls } from "../files/file-calls.ts";
import type { ReadWatch } from "../files/source-file.ts";

/**
 * The calls of one collection. Each one that returns is progress, also when it moves no byte: a
 * search through many folders with few matches is not a stalled transfer.
 */
export class Calls {
  readonly #watch: ReadWatch;

  constructor(watch: ReadWatch) {
    this.#watch = watch;
  }

  async run<T>(call: () => Promise<T>, onLate?: (value: T) => void): Promise<T> {
    const { signal } = this.#watch;
    try {
      return await fileCalls.run(signal, call, onLate);
    } finally {
      if (!signal.aborted) this.#watch.moved();
    }
  }

  /**
   * Why a call failed, for people. Throws what ends the whole collection: the signal's reason, and
   * a file system that does not answer.
   */
  reasonUnlessOver(error: unknown): string {
    this.#watch.signal.throwIfAborted();
    if (error instanceof TransferFailedError) throw error;
    return reasonOf(error);
  }
}
