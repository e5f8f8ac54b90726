import { setTimeout as sleep } from "node:timers/promises";
import { addressKey } from "../../../network/address-key.ts";

/** Refusals that wait at once: of one address, and of all. */
const MAX_PER_ADDRESS = 256;
const MAX_ALL = 2_048;

/**
 * Delays the refusals of callers that send too much without authentication. Without the delay a
 * caller that ignores `Retry-After` repeats as fast as it is refused, and the refusals alone take
 * the processor.
 */
export class HeldRefusals {
  readonly #delayMs: number;
  readonly #byAddress = new Map<string, number>();
  readonly #stop = new AbortController();
  #all = 0;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  get heldCount(): number {
    return this.#all;
  }

  /**
   * Resolves when the refusal may be sent. False if too many refusals wait; the caller then closes
   * the connection at once.
   */
  async hold(address: string, gone: AbortSignal): Promise<boolean> {
    const key = addressKey(address);
    const held = this.#byAddress.get(key) ?? 0;
    if (held >= MAX_PER_ADDRESS || this.#all >= MAX_ALL) return false;
    this.#byAddress.set(key, held + 1);
    this.#all += 1;
    try {
      await sleep(this.#delayMs, undefined, { signal: AbortSignal.any([gone, this.#stop.signal]) });
    } catch (error) {
      // The client disconnected or the server stops: there is nothing to wait for.
      if (!(error instanceof Error) || error.name !== "AbortError") throw error;
    } finally {
      this.#all -= 1;
      const left = (this.#byAddress.get(key) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(key);
      else this.#byAddress.set(key, left);
    }
    return true;
  }

  /** The server stops: those that wait are sent now, and no other one waits. */
  close(): void {
    this.#stop.abort();
  }
}
