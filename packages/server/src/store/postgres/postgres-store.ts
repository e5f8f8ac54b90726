import { setTimeout as pause } from "node:timers/promises";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { SettledCounts } from "../actions/settled-counts.ts";
import { migrateToLatest } from "../migrations/migrate.ts";
import { type Store, type StoreTx, storeTx } from "../store.ts";
import { StoreUnavailableError } from "../store-unavailable-error.ts";
import { checkServer } from "./check-server.ts";
import { PlannedStatements } from "./planned-statements.ts";
import { POSTGRES_COLUMNS } from "./postgres-columns.ts";
import { PostgresConnection, type RoundTrips } from "./postgres-connection.ts";
import { attemptsFor, storeError } from "./postgres-errors.ts";
import { openMigrationPool, openPool, type PostgresOptions, responseTimeoutMs } from "./postgres-pool.ts";
import { PostgresReader } from "./postgres-reader.ts";
import { PostgresTransaction } from "./postgres-transaction.ts";

/**
 * Units of work that wait for a connection. Beyond this number the database is overloaded, and
 * further callers get an error at once.
 */
const MAX_WAITING = 10_000;
const LONGEST_PAUSE_MS = 64;

/**
 * The store for several nodes. Each write is a transaction of its own at READ COMMITTED; the
 * database itself combines concurrent commits into one fsync. Use cases are written as if they ran
 * alone: the machine's row is the lock for all decisions about it, an action is saved by compare
 * and set, and a unit that still loses a race is repeated from its beginning.
 */
export class PostgresStore implements Store {
  readonly #pool: pg.Pool;
  readonly #silenceMs: number;
  readonly #statements = new PlannedStatements();
  readonly #settledCounts = new SettledCounts();
  readonly #running = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  readonly #roundTrips: RoundTrips = { count: 0 };

  private constructor(pool: pg.Pool, silenceMs: number) {
    this.#pool = pool;
    this.#silenceMs = silenceMs;
  }

  /**
   * Connects, refuses a server that does not keep acknowledged commits, and migrates the database
   * to the newest schema.
   */
  static async open(options: PostgresOptions): Promise<PostgresStore> {
    const pool = openPool(options);
    try {
      await checkServer(pool);
      await migrate(options);
      return new PostgresStore(pool, responseTimeoutMs(options));
    } catch (cause) {
      await pool.end();
      throw storeError(cause);
    }
  }

  /** How many messages this store has sent to the database, each with one or more statements. */
  get roundTrips(): number {
    return this.#roundTrips.count;
  }

  read<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    return this.#track(() =>
      this.#onConnection((connection) =>
        work(storeTx(new PostgresReader(connection, this.#statements, this.#settledCounts))),
      ),
    );
  }

  /** `work` is repeated when it lost a race, so it may have no effect except through its `tx`. */
  write<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    return this.#track((isFirst) => this.#onConnection((connection) => this.#transaction(connection, work, isFirst)));
  }

  /** The clock that all nodes share, Unix milliseconds; rounded down. */
  async nowMs(): Promise<number> {
    try {
      // pg returns a bigint as text.
      const { rows } = await this.#pool.query<{ now_ms: number }>(
        "select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms",
      );
      return rows[0]?.now_ms ?? Number.NaN;
    } catch (cause) {
      throw storeError(cause);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
    await this.#pool.end();
  }

  async #transaction<T>(
    connection: PostgresConnection,
    work: (tx: StoreTx) => Promise<T>,
    mayAssume: boolean,
  ): Promise<T> {
    const transaction = new PostgresTransaction(connection, this.#statements, mayAssume);
    try {
      const value = await work(storeTx(transaction));
      await transaction.commit();
      return value;
    } catch (cause) {
      await transaction.rollback();
      throw cause;
    }
  }

  async #onConnection<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    if (this.#pool.waitingCount >= MAX_WAITING)
      throw new StoreUnavailableError("too many requests wait for the database");
    const connection = new PostgresConnection(await this.#pool.connect(), this.#silenceMs, this.#roundTrips);
    try {
      return await work(connection);
    } finally {
      connection.release();
    }
  }

  async #track<T>(attempt: (isFirst: boolean) => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) throw new Error("the store is closed");
    const running = this.#repeat(attempt);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #repeat<T>(attempt: (isFirst: boolean) => Promise<T>): Promise<T> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt(attempts === 1);
      } catch (cause) {
        if (attempts >= attemptsFor(cause) || this.#closing.signal.aborted) throw storeError(cause);
      }
      // A random delay, so that competing units do not retry at the same time. A store that is
      // closing continues at once.
      const pauseMs = Math.random() * Math.min(2 ** attempts, LONGEST_PAUSE_MS);
      await pause(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }
}

async function migrate(options: PostgresOptions): Promise<void> {
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: openMigrationPool(options) }),
    plugins: [POSTGRES_COLUMNS],
  });
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
}
