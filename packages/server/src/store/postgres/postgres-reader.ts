import type { Compilable, Kysely } from "kysely";
import { POSTGRES_DIALECT } from "../postgres-dialect.ts";
import type { Schema } from "../schema.ts";
import type { Bound, Executor, Statement } from "../statement.ts";
import type { PlannedStatements } from "./planned-statements.ts";
import type { PostgresConnection } from "./postgres-connection.ts";
import type { PlannedQuery } from "./statement-batch.ts";

/** Statements outside a transaction. Each one is a consistent read. */
export class PostgresReader implements Executor {
  readonly dialect = POSTGRES_DIALECT;
  readonly hasOtherWriters = false;
  readonly #connection: PostgresConnection;
  readonly #statements: PlannedStatements;

  constructor(connection: PostgresConnection, statements: PlannedStatements) {
    this.#connection = connection;
    this.#statements = statements;
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
    const [rows] = await this.#connection.run([query]);
    // The row's type is the one that Kysely inferred for this query. The migrations define the
    // schema of the table.
    return rows as O[];
  }
}
