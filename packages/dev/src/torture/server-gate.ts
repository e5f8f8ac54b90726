import { TokenError, UnexpectedResponseError, UnreachableError } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";

/** Callers wait here while the server is down, instead of asking it again and again. */
export class ServerGate {
  readonly #signal: AbortSignal;
  #up = Promise.withResolvers<void>();
  lostAnswers = 0;

  /** Aborting ends every wait here. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.open();
  }

  close(): void {
    this.#up = Promise.withResolvers();
  }

  open(): void {
    this.#up.resolve();
  }

  /** Repeats `work` until the server responds. `work` must be idempotent. Throws refusals. */
  async repeatUntilResponse<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.waitUntilUp();
      try {
        return await work();
      } catch (cause) {
        if (!isLostConnection(cause)) throw cause;
        this.lostAnswers += 1;
        // The connection can break a moment before the kill is seen as done; a pool may also hold
        // one more broken connection.
        await sleep(systemClock, PAUSE_MS, this.#signal);
      }
    }
  }

  async waitUntilUp(): Promise<void> {
    this.#signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(this.#signal.reason);
    this.#signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#up.promise, aborted.promise]);
    } finally {
      this.#signal.removeEventListener("abort", onAbort);
    }
  }
}

const PAUSE_MS = 20;

/** No response, or an incomplete one. The caller cannot know whether the request was executed. */
export function isLostConnection(cause: unknown): boolean {
  if (cause instanceof UnreachableError) return true;
  if (cause instanceof TokenError) return false;
  if (cause instanceof UnexpectedResponseError) return isLostConnection(cause.cause);
  // A body that breaks off: undici says TypeError "terminated", zlib an unexpected end.
  return cause instanceof Error && /terminated|unexpected end of file|aborted|ECONNRESET|socket/i.test(cause.message);
}
