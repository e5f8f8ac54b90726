import type { Compilable, Kysely } from "kysely";
import { POSTGRES_DIALECT } from "../postgres-dialect.ts";
import type { Schema } from "../schema.ts";
import type { Bound, Executor, SettledCounter, Statement } from "../statement.ts";
import type { PlannedStatements } from "./planned-statements.ts";
import type { PostgresConnection } from "./postgres-connection.ts";
import type { PlannedQuery, Row } from "./statement-batch.ts";

interface Asked {
  query: PlannedQuery;
  answer: PromiseWithResolvers<Row[]>;
}

/**
 * Statements outside a transaction. Each one is a consistent read. Statements that are issued
 * together are sent together, in their order, and each one sees what was committed before it.
 */
export class PostgresReader implements Executor {
  readonly dialect = POSTGRES_DIALECT;
  readonly hasOtherWriters = false;
  readonly settledCounts: SettledCounter;
  readonly #connection: PostgresConnection;
  readonly #statements: PlannedStatements;
  #waiting: Asked[] = [];

  /** `settledCounts`: the one of the store, which all its readers share. */
  constructor(connection: PostgresConnection, statements: PlannedStatements, settledCounts: SettledCounter) {
    this.#connection = connection;
    this.#statements = statements;
    this.settledCounts = settledCounts;
  }

  all<P extends Record<string, Bound>, O>(statement: Statement<P, O>, params: P): Promise<O[]> {
    return this.#run(this.#statements.plan(statement, params).query);
  }

  async compareAndSet(): Promise<never> {
    throw new Error("a change needs a transaction");
  }

  async allOnce<O>(build: (db: Kysely<Schema>) => Compilable<O>): Promise<O[]> {
    return this.#run(this.#statements.planOnce(build));
  }

  async #run<O>(query: PlannedQuery): Promise<O[]> {
    const answer = Promise.withResolvers<Row[]>();
    this.#waiting.push({ query, answer });
    if (this.#waiting.length === 1) void this.#send();
    // The row's type is the one that Kysely inferred for this query. The migrations define the
    // schema of the table.
    return (await answer.promise) as O[];
  }

  async #send(): Promise<void> {
    // Statements that are issued in the same turn of the event loop join the batch.
    await null;
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      const rows = await this.#connection.run(batch.map(({ query }) => query));
      for (const [index, { answer }] of batch.entries()) answer.resolve(rows[index] ?? []);
    } catch (cause) {
      for (const { answer } of batch) answer.reject(cause);
    }
  }
}
