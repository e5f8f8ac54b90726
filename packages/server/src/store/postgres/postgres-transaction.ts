import type { Compilable, Kysely } from "kysely";
import { POSTGRES_DIALECT } from "../postgres-dialect.ts";
import type { Schema } from "../schema.ts";
import type { Bound, Executor, Statement } from "../statement.ts";
import { VersionConflictError } from "../version-conflict-error.ts";
import type { PlannedStatements } from "./planned-statements.ts";
import type { PostgresConnection } from "./postgres-connection.ts";
import { CommitUnknownError, ConnectionLostError, isCompareAndSetConflict } from "./postgres-errors.ts";
import type { PlannedQuery, Row } from "./statement-batch.ts";

const command = (name: string, text: string): PlannedQuery => ({ name, text, values: [] });
/**
 * Stated explicitly, because a database may have another default. Each statement sees what was
 * committed before it.
 */
const BEGIN = command("halligan_begin", "begin isolation level read committed");
const COMMIT = command("halligan_commit", "commit");
const ROLLBACK = command("halligan_rollback", "rollback");

/**
 * Changes that wait for the next statement with a result. Beyond this number they are sent without
 * one.
 */
const MAX_HELD = 64;

/** `answer`: null for a change whose rows are not needed. */
interface QueuedQuery {
  query: PlannedQuery;
  answer: PromiseWithResolvers<Row[]> | null;
}

/**
 * One unit of work. Statements that are issued together are sent together. A change whose rows are
 * not needed is held back and sent with the next statement or with the commit; so is the beginning
 * of the transaction. Therefore the error of such a change comes with a later statement; the work
 * cannot continue in either case. A whole action needs 4 round trips
 * (docs/decisions/0046-four-round-trips.md).
 */
export class PostgresTransaction implements Executor {
  readonly dialect = POSTGRES_DIALECT;
  readonly hasOtherWriters = true;
  readonly assume?: NonNullable<Executor["assume"]>;
  readonly #connection: PostgresConnection;
  readonly #statements: PlannedStatements;
  #waiting: QueuedQuery[] = [{ query: BEGIN, answer: null }];
  #sending: Promise<void> | null = null;
  #isOpenOnServer = false;
  #failure: { cause: unknown } | null = null;
  #isOver = false;

  /** `mayAssume`: false when the unit is repeated, because what it assumed may have been wrong. */
  constructor(connection: PostgresConnection, statements: PlannedStatements, mayAssume: boolean) {
    this.#connection = connection;
    this.#statements = statements;
    if (mayAssume) this.assume = (statement, params) => this.compareAndSet(statement, params);
  }

  async all<P extends Record<string, Bound>, O>(statement: Statement<P, O>, params: P): Promise<O[]> {
    this.#refuseWhenOver();
    const { query, returnsRows } = this.#statements.plan(statement, params);
    if (returnsRows) return this.#resultOf(query);
    await this.#hold(query);
    return [];
  }

  async compareAndSet<P extends Record<string, Bound>>(statement: Statement<P, unknown>, params: P): Promise<void> {
    this.#refuseWhenOver();
    await this.#hold(this.#statements.planCompareAndSet(statement, params));
  }

  async allOnce<O>(build: (db: Kysely<Schema>) => Compilable<O>): Promise<O[]> {
    this.#refuseWhenOver();
    return this.#resultOf(this.#statements.planOnce(build));
  }

  async commit(): Promise<void> {
    this.#refuseWhenOver();
    this.#isOver = true;
    try {
      // The work may have caught the error of a statement although the server has aborted the
      // transaction. In that case this throws the error.
      await this.#resultOf(COMMIT);
      this.#isOpenOnServer = false;
    } catch (cause) {
      if (cause instanceof ConnectionLostError)
        throw new CommitUnknownError("the connection broke during a commit", { cause });
      throw cause;
    }
  }

  /** Returns the connection in its original state, or marks it as unusable. */
  async rollback(): Promise<void> {
    this.#isOver = true;
    await this.#sending;
    if (!this.#isOpenOnServer || !this.#connection.isUsable) return;
    try {
      await this.#connection.run([ROLLBACK]);
    } catch {
      // The work's own error is reported. The server rolls back a transaction whose connection is
      // lost.
      this.#connection.isUsable = false;
    }
  }

  async #hold(query: PlannedQuery): Promise<void> {
    if (this.#waiting.length >= MAX_HELD) await this.#resultOf(query);
    else this.#waiting.push({ query, answer: null });
  }

  async #resultOf<O>(query: PlannedQuery): Promise<O[]> {
    const answer = Promise.withResolvers<Row[]>();
    this.#waiting.push({ query, answer });
    this.#sending ??= this.#send();
    // The row's type is the one that Kysely inferred for this query. The migrations define the
    // schema of the table.
    return (await answer.promise) as O[];
  }

  async #send(): Promise<void> {
    // Statements that are issued in the same turn of the event loop join the batch.
    await null;
    while (this.#waiting.some(({ answer }) => answer)) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#run(batch);
    }
    this.#sending = null;
  }

  async #run(batch: readonly QueuedQuery[]): Promise<void> {
    try {
      if (this.#failure) throw this.#failure.cause;
      this.#isOpenOnServer = true;
      const rows = await this.#connection.run(batch.map(({ query }) => query));
      for (const [index, { answer }] of batch.entries()) answer?.resolve(rows[index] ?? []);
    } catch (cause) {
      this.#failure ??= {
        cause: isCompareAndSetConflict(cause)
          ? new VersionConflictError("another writer changed the row", { cause })
          : cause,
      };
      for (const { answer } of batch) answer?.reject(this.#failure.cause);
    }
  }

  #refuseWhenOver(): void {
    if (this.#isOver) throw new Error("a statement came after the end of its transaction");
  }
}
