/** One answer that lasts. `signal`: it has to end now. Disposing gives its place back. */
export interface EventStreamPlace extends Disposable {
  readonly signal: AbortSignal;
}

/** The streams of events that this node has open: so many and no more, and all of them ended when it stops. */
export class EventStreams {
  readonly #limit: number;
  readonly #open = new Set<AbortController>();
  #isClosed = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Null when all places are taken, or the node stops. `gone`: the client went away. */
  enter(gone: AbortSignal): EventStreamPlace | null {
    if (this.#isClosed || this.#open.size >= this.#limit) return null;
    const stop = new AbortController();
    const onGone = () => stop.abort();
    if (gone.aborted) stop.abort();
    else gone.addEventListener("abort", onGone, { once: true });
    this.#open.add(stop);
    return {
      signal: stop.signal,
      [Symbol.dispose]: () => {
        gone.removeEventListener("abort", onGone);
        this.#open.delete(stop);
      },
    };
  }

  /** Requests under way get their grace when the server stops; a stream would use all of it for nothing. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#open) stop.abort();
  }
}
