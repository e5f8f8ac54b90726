import { sql } from "kysely";
import type { Executor } from "../statement.ts";

/** What one look saw. */
interface Look {
  readonly lastSequence: number;
  /** The transactions that were open then and may have inserted. */
  readonly writers: readonly string[];
}

/** Most looks of one call for open transactions to end, which they usually do in milliseconds. */
const MAX_LOOKS = 8;

/**
 * Up to which sequence every action is visible, where rows do not become visible in the order of
 * their sequence. A later sequence may be committed before an earlier one. When all transactions
 * that a look saw open have ended, each row up to the last sequence of that look is visible or will
 * never be (docs/decisions/0045-audit-cursor.md).
 */
export class VisibleSequences {
  #complete = 0;
  #pending: Look | null = null;

  /**
   * Statements that begin later see every action up to it. Actions above it may be visible too.
   * Never decreases.
   */
  get complete(): number {
    return this.#complete;
  }

  /** Raises `complete` to what an earlier look saw, or to the newest action if nothing is open. */
  async look(executor: Executor): Promise<Look> {
    const writers = executor.dialect.writersOf("machine_action");
    if (writers === null) throw new Error("rows become visible in the order of their sequence here");
    // A look can only be answered by one that begins after its end.
    const earlier = this.#pending;
    // Sent together. The last sequence is read first: a transaction that begins to insert after
    // that draws a higher one.
    const [[last], open] = await Promise.all([
      executor.allOnce((db) =>
        db.selectFrom("machine_action").select(sql<number>`coalesce(max(seq), 0)`.as("lastSequence")),
      ),
      executor.allOnce((db) => db.selectFrom(writers.as("writer")).select("writer.id")),
    ]);
    const seen: Look = { lastSequence: last?.lastSequence ?? 0, writers: open.map(({ id }) => id) };
    if (seen.writers.length === 0) this.#raise(seen.lastSequence);
    if (earlier && !earlier.writers.some((writer) => seen.writers.includes(writer))) {
      this.#raise(earlier.lastSequence);
      if (this.#pending === earlier) this.#pending = null;
    }
    this.#pending ??= seen;
    return seen;
  }

  /** Looks again until `complete` is the newest action of the first look, with a bound. */
  async lookUntilComplete(executor: Executor): Promise<void> {
    const { lastSequence } = await this.look(executor);
    for (let looks = 1; looks < MAX_LOOKS && this.#complete < lastSequence; looks += 1) await this.look(executor);
  }

  #raise(sequence: number): void {
    this.#complete = Math.max(this.#complete, sequence);
  }
}
