/** One response that lasts. `signal`: it has to end now. Disposing releases its slot. */
export interface LongResponse extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Bounds the responses of one kind that last on this node: streams of events, downloads. There is
 * one bound for all callers and one for each account.
 */
export class LongResponseLimit {
  readonly #limit: number;
  readonly #limitPerAccount: number;
  readonly #open = new Set<AbortController>();
  readonly #byAccount = new Map<string, number>();
  #isClosed = false;

  constructor(limit: number, limitPerAccount = limit) {
    this.#limit = limit;
    this.#limitPerAccount = limitPerAccount;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /**
   * Null when the node or the account has reached its limit, or when the node is stopping. `gone`:
   * aborted when the client disconnects.
   */
  enter(accountId: string, gone: AbortSignal): LongResponse | null {
    const ofAccount = this.#byAccount.get(accountId) ?? 0;
    if (this.#isClosed || this.#open.size >= this.#limit || ofAccount >= this.#limitPerAccount) return null;
    this.#byAccount.set(accountId, ofAccount + 1);
    const stop = new AbortController();
    const onGone = () => stop.abort();
    if (gone.aborted) stop.abort();
    else gone.addEventListener("abort", onGone, { once: true });
    this.#open.add(stop);
    return {
      signal: stop.signal,
      [Symbol.dispose]: () => {
        gone.removeEventListener("abort", onGone);
        if (!this.#open.delete(stop)) return;
        const left = (this.#byAccount.get(accountId) ?? 1) - 1;
        if (left === 0) this.#byAccount.delete(accountId);
        else this.#byAccount.set(accountId, left);
      },
    };
  }

  /**
   * Ends all responses. Requests under way get a grace period when the server stops; a stream of
   * events would use all of it.
   */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#open) stop.abort();
  }
}
