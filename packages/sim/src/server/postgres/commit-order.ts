interface Entry {
  /**
   * Applies the rows of the commit, or nothing if it was lost. Null while the outcome is unknown.
   */
  show: (() => void) | null;
  readonly shown: PromiseWithResolvers<void>;
}

/** The position of one transaction in the order. */
export interface CommitPlace {
  /**
   * The transaction was committed. Resolves when its rows are visible to the invariants, after all
   * commits that it could have seen.
   */
  committed(show: () => void): Promise<void>;
  lost(): void;
}

/**
 * Orders the commits so that each one comes after those that it has seen. The order of the
 * responses is no such order: the database releases the locks of a transaction before it responds.
 * The next transaction can use them and get its response first. A transaction takes its position
 * after its work and before its commit request. A transaction that sees the commit finishes its own
 * work later, so its position is later.
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
