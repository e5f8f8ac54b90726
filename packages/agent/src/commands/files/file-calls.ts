/**
 * Calls of the file system that can wait without end, as on a mount whose server is gone.
 *
 * No runtime can cancel such a call. It holds a thread of a pool, which has four threads under Node
 * and as few as two under Bun. The journal, name lookups and compression need the same pool. A
 * caller therefore stops waiting when its signal is aborted, and no other call is made while such a
 * call is pending.
 */
import { abortable } from "@halligan/protocol/time";
import { TransferFailedError } from "../../transfer/transfer-watch.ts";

export class FileCalls {
  #stuck = 0;

  /** Calls without a waiting caller that have not returned. */
  get stuck(): number {
    return this.#stuck;
  }

  /**
   * The outcome of the call, or the signal's reason, whichever comes first.
   * @param onLate receives a result that arrives after that
   */
  async run<T>(signal: AbortSignal, call: () => Promise<T>, onLate: (value: T) => void = () => undefined): Promise<T> {
    signal.throwIfAborted();
    if (this.#stuck > 0) throw new TransferFailedError(STILL_STUCK);
    const outcome = call();
    let isSettled = false;
    const settled = outcome.then(
      () => {
        isSettled = true;
      },
      () => {
        isSettled = true;
      },
    );
    try {
      return await abortable(outcome, signal);
    } catch (error) {
      if (isSettled) throw error;
      this.#stuck++;
      void settled.then(() => this.#stuck--);
      void outcome.then(onLate, () => undefined);
      throw error instanceof TransferFailedError
        ? new TransferFailedError(`${error.message} ${NOT_ANSWERING}`, { cause: error })
        : error;
    }
  }
}

const NOT_ANSWERING = "The device waits for the file system of that path, which does not answer.";
const STILL_STUCK =
  "An earlier command still waits for a file system of this device that does not answer. " +
  "Repair or unmount it (umount -f or -l), then ask again.";

/** One for the process, because there is one thread pool. */
export const fileCalls = new FileCalls();
