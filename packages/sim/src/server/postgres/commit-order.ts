interface Entry {
  /** Shows what was committed, or nothing. Null as long as it is not known whether it was. */
  show: (() => void) | null;
  readonly shown: PromiseWithResolvers<void>;
}

/** The place of one transaction among all. */
export interface CommitPlace {
  /** It was committed. Resolves when it is visible, which is after everything that it could have seen. */
  committed(show: () => void): Promise<void>;
  lost(): void;
}

/**
 * An order of the commits in which each comes after those that it saw. Answers do not come in it: the locks of a transaction are free
 * before its answer is sent, so that the next one may have used them and be answered first. A place is taken when the work is done and the
 * commit not yet asked for: whoever sees the commit finishes its own work after that.
 */
export class CommitOrder {
  readonly #entries: Entry[] = [];

  take(): CommitPlace {
    const entry: Entry = { show: null, shown: Promise.withResolvers<void>() };
    this.#entries.push(entry);
    return {
      committed: (show) => this.#settle(entry, show),
      lost: () => void this.#settle(entry, () => undefined),
    };
  }

  #settle(entry: Entry, show: () => void): Promise<void> {
    entry.show ??= show;
    for (let first = this.#entries[0]; first?.show; first = this.#entries[0]) {
      this.#entries.shift();
      first.show();
      first.shown.resolve();
    }
    return entry.shown.promise;
  }
}
