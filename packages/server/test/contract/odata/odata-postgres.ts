import type pg from "pg";
import { SettledCounts } from "../../../src/store/actions/settled-counts.ts";
import { PlannedStatements } from "../../../src/store/postgres/planned-statements.ts";
import { PostgresConnection } from "../../../src/store/postgres/postgres-connection.ts";
import { openPool } from "../../../src/store/postgres/postgres-pool.ts";
import { PostgresReader } from "../../../src/store/postgres/postgres-reader.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { POSTGRES_DIALECT } from "../../../src/store/postgres-dialect.ts";
import { type Bound, bindValues, type Executor, StatementCompiler } from "../../../src/store/statement.ts";
import type { TestDatabase, TestPostgres } from "../../support/postgres-databases.ts";
import { type ListDatabase, ListStore } from "./odata-database.ts";

/** The columns without a default; those of orders and bounds stay null. */
const COPIED = `machine_id, computer_dns_name, type, status, requestor, requestor_id, comment, created_at_ms,
  updated_at_ms, deadline_ms, error_hresult, commands, options, holds_place, keeps_results, version`;

/**
 * PostgreSQL, in a database that does not sort by code points if the server has such a collation.
 */
export class PostgresLists extends ListStore implements ListDatabase {
  readonly executor: Executor;
  readonly #database: TestDatabase;
  readonly #pool: pg.Pool;
  readonly #connection: PostgresConnection;
  readonly #compiler = new StatementCompiler(POSTGRES_DIALECT);

  private constructor(database: TestDatabase, store: PostgresStore, pool: pg.Pool, connection: PostgresConnection) {
    super(store);
    this.#database = database;
    this.#pool = pool;
    this.#connection = connection;
    this.executor = new PostgresReader(connection, new PlannedStatements(), new SettledCounts());
  }

  static async open(postgres: TestPostgres): Promise<PostgresLists> {
    const database = await postgres.createDatabase();
    const store = await PostgresStore.open({ url: database.url });
    const pool = openPool({ url: database.url, maxConnections: 1 });
    const lists = new PostgresLists(database, store, pool, new PostgresConnection(await pool.connect(), 60_000));
    await lists.addGroups();
    return lists;
  }

  /** So that the planner knows what is in the tables. */
  async analyze(): Promise<void> {
    await this.#connection.run([{ name: null, text: "analyze", values: [] }]);
  }

  /** Copies the newest action, with ids of their own, until there are so many. */
  async fillTo(rows: number): Promise<void> {
    const text = `insert into machine_action (${COPIED}, id)
      select ${COPIED}, gen_random_uuid()::text
      from (select * from machine_action order by seq desc limit 1) as newest,
      generate_series(1, least(10000, ${rows} - (select count(*) from machine_action)))`;
    // In parts, because a statement has a time limit.
    for (let part = 0; part * 10_000 < rows; part += 1) await this.#connection.run([{ name: null, text, values: [] }]);
    await this.#connection.run([{ name: null, text: "vacuum analyze machine_action", values: [] }]);
  }

  /** Collects the plan of PostgreSQL for each query, and returns no rows for any of them. */
  explaining(plans: string[]): Executor {
    return {
      dialect: POSTGRES_DIALECT,
      hasOtherWriters: false,
      compareAndSet: () => Promise.reject(new Error("lists change nothing")),
      all: async (statement, params) => {
        const compiled = this.#compiler.compile(statement);
        plans.push(await this.#planOf(compiled.sql, bindValues(compiled, params)));
        return [];
      },
      allOnce: async (build) => {
        const { sql, values } = this.#compiler.compileOnce(build);
        plans.push(await this.#planOf(sql, values));
        return [];
      },
    };
  }

  async #planOf(sql: string, values: Bound[]): Promise<string> {
    const [steps] = await this.#connection.run([{ name: null, text: `explain ${sql}`, values }]);
    return (steps ?? []).map((step) => String(step["QUERY PLAN"])).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.release();
    await this.#pool.end();
    await this.store.close();
    await this.#database[Symbol.asyncDispose]();
  }
}
