/** One answer that lasts. `signal`: it has to end now. Disposing gives its place back. */
export interface EventStreamPlace extends Disposable {
  readonly signal: AbortSignal;
}

/** The streams of events that this node has open: so many and no more, of all callers and of each, and all of them ended when it stops. */
export class EventStreams {
  readonly #limit: number;
  readonly #limitPerCaller: number;
  readonly #open = new Set<AbortController>();
  readonly #byCaller = new Map<string, number>();
  #isClosed = false;

  constructor(limit: number, limitPerCaller = limit) {
    this.#limit = limit;
    this.#limitPerCaller = limitPerCaller;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Null when all places are taken, or those of the caller, or the node stops. `gone`: the client went away. */
  enter(callerId: string, gone: AbortSignal): EventStreamPlace | null {
    const ofCaller = this.#byCaller.get(callerId) ?? 0;
    if (this.#isClosed || this.#open.size >= this.#limit || ofCaller >= this.#limitPerCaller) return null;
    this.#byCaller.set(callerId, ofCaller + 1);
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
        const left = (this.#byCaller.get(callerId) ?? 1) - 1;
        if (left === 0) this.#byCaller.delete(callerId);
        else this.#byCaller.set(callerId, left);
      },
    };
  }

  /** Requests under way get their grace when the server stops; a stream would use all of it for nothing. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#open) stop.abort();
  }
}
