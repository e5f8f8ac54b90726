/** One answer that lasts. `signal`: it has to end now. Disposing gives its place back. */
export interface EventStreamPlace extends Disposable {
  readonly signal: AbortSignal;
}

/** The streams of events that this node has open: so many and no more, of all callers and of each account, and all of them ended when it stops. */
export class EventStreams {
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

  /** Null when all places are taken, or those of the account, or the node stops. `gone`: the client went away. */
  enter(accountId: string, gone: AbortSignal): EventStreamPlace | null {
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

  /** Requests under way get their grace when the server stops; a stream would use all of it for nothing. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#open) stop.abort();
  }
}
