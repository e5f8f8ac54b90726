import type Database from "better-sqlite3";
import type { StoreTx } from "../store.ts";

/** What the lane needs of its connection. */
export type LaneDatabase = Pick<Database.Database, "exec" | "inTransaction">;

/** Units of work in one commit. More would make the first wait for the last without saving another fsync. */
const MAX_BATCH = 256;

interface Unit {
  run(): Promise<Settle>;
  fail(cause: unknown): void;
}
/** Tells the caller; called only after the commit that holds the unit is durable. */
type Settle = () => void;

/**
 * All writes of the process, one after another on one connection. What arrives while a commit is under way shares the
 * next one, because the fsync of a commit is the limit (about 4,700 a second); each unit has a savepoint of its own, so
 * that a unit that throws takes no neighbour along. Nobody is answered before COMMIT.
 */
export class WriteLane {
  readonly #database: LaneDatabase;
  readonly #tx: StoreTx;
  readonly #joinBatch: () => Promise<void>;
  #waiting: Unit[] = [];
  #draining: Promise<void> | null = null;
  #closed = false;

  /** `joinBatch`: awaited before each commit, so that everything that is ready on the event loop can join it. */
  constructor(database: LaneDatabase, tx: StoreTx, joinBatch: () => Promise<void>) {
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
    const done: { unit: Unit; settle: Settle }[] = [];
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const unit of units) {
        const settle = await this.#savepoint(unit);
        if (settle) done.push({ unit, settle });
      }
      this.#database.exec("COMMIT");
    } catch (cause) {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      for (const unit of units) unit.fail(cause);
      return;
    }
    for (const { settle } of done) settle();
  }

  async #savepoint(unit: Unit): Promise<Settle | null> {
    this.#database.exec("SAVEPOINT unit");
    try {
      const settle = await unit.run();
      this.#database.exec("RELEASE unit");
      return settle;
    } catch (cause) {
      // A full disk may have ended the whole transaction by itself: then the batch fails as one.
      if (!this.#database.inTransaction) throw cause;
      this.#database.exec("ROLLBACK TO unit; RELEASE unit");
      unit.fail(cause);
      return null;
    }
  }
}
