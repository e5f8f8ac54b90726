import type Database from "better-sqlite3";
import type { StoreTx } from "../store.ts";

/** What a group commit needs of its connection. */
export type CommitConnection = Pick<Database.Database, "exec" | "inTransaction">;

/**
 * Units of work in one commit. With more, the first one would wait for the last without saving
 * another fsync.
 */
const MAX_BATCH = 256;

interface Unit {
  /** May run again after its changes were rolled back. */
  run(): Promise<Settle>;
  fail(cause: unknown): void;
}
/** Passes the result to the caller. Called only after the unit's commit is durable. */
type Settle = () => void;

/**
 * Group commit: all writes of the process, one after another on one connection. Work that arrives
 * during a commit shares the next one, because the fsync of a commit is the limit (about 4,700 a
 * second). If a unit throws, the whole batch is rolled back and run again with each unit in a
 * savepoint of its own, so that the failure does not affect the others. The first run has no
 * savepoints, because with one SQLite copies each page that a unit changes: a fifth of the
 * processor time of a whole action. No caller gets a result before COMMIT.
 */
export class GroupCommit {
  readonly #database: CommitConnection;
  readonly #tx: StoreTx;
  readonly #joinBatch: () => Promise<void>;
  #waiting: Unit[] = [];
  #draining: Promise<void> | null = null;
  #closed = false;

  /**
   * `joinBatch`: awaited before each commit, so that all work that is ready on the event loop can
   * join it.
   */
  constructor(database: CommitConnection, tx: StoreTx, joinBatch: () => Promise<void>) {
    this.#joinBatch = joinBatch;
    this.#database = database;
    this.#tx = tx;
  }

  run<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error("the store is closed"));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        run: async () => {
          const value = await work(this.#tx);
          return () => resolve(value);
        },
        fail: reject,
      });
      this.#draining ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#joinBatch();
      await this.#commit(this.#waiting.splice(0, MAX_BATCH));
    }
    this.#draining = null;
  }

  async #commit(units: readonly Unit[]): Promise<void> {
    try {
      const settles = (await this.#together(units)) ?? (await this.#apart(units));
      for (const settle of settles) settle();
    } catch (cause) {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      for (const unit of units) unit.fail(cause);
    }
  }

  /** Null when one of several units has thrown. Nothing is kept, and no caller has got a result. */
  async #together(units: readonly Unit[]): Promise<Settle[] | null> {
    this.#database.exec("BEGIN IMMEDIATE");
    const settles: Settle[] = [];
    for (const unit of units) {
      try {
        settles.push(await unit.run());
      } catch (cause) {
        // A full disk may have ended the whole transaction. In that case the whole batch fails.
        if (units.length === 1 || !this.#database.inTransaction) throw cause;
        this.#database.exec("ROLLBACK");
        return null;
      }
    }
    this.#database.exec("COMMIT");
    return settles;
  }

  async #apart(units: readonly Unit[]): Promise<Settle[]> {
    this.#database.exec("BEGIN IMMEDIATE");
    const settles: Settle[] = [];
    for (const unit of units) {
      const settle = await this.#savepoint(unit);
      if (settle) settles.push(settle);
    }
    this.#database.exec("COMMIT");
    return settles;
  }

  async #savepoint(unit: Unit): Promise<Settle | null> {
    this.#database.exec("SAVEPOINT unit");
    try {
      const settle = await unit.run();
      this.#database.exec("RELEASE unit");
      return settle;
    } catch (cause) {
      if (!this.#database.inTransaction) throw cause;
      this.#database.exec("ROLLBACK TO unit; RELEASE unit");
      unit.fail(cause);
      return null;
    }
  }
}
