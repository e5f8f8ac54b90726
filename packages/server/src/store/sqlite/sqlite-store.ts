import Database from "better-sqlite3";
import { type Compilable, Kysely, type Kysely as KyselyDb, SqliteDialect } from "kysely";
import { SettledCounts } from "../actions/settled-counts.ts";
import { migrateToLatest } from "../migrations/migrate.ts";
import type { Schema } from "../schema.ts";
import { SQLITE_DIALECT } from "../sqlite-dialect.ts";
import {
  type Bound,
  bindValues,
  type CompiledStatement,
  type Executor,
  type Statement,
  StatementCompiler,
} from "../statement.ts";
import { type Store, type StoreTx, storeTx } from "../store.ts";
import { VersionConflictError } from "../version-conflict-error.ts";
import { Checkpoints } from "./checkpoints.ts";
import { GroupCommit } from "./group-commit.ts";
import { ScanPool } from "./scan-pool.ts";

/**
 * The embedded store: one file in the data folder, one writing connection, one read-only
 * connection, and processes for long queries.
 */
export class SqliteStore implements Store {
  readonly #writer: Database.Database;
  readonly #reader: Database.Database;
  readonly #readTx: StoreTx;
  readonly #commits: GroupCommit;
  readonly #scans: ScanPool;
  readonly #checkpoints: Checkpoints;

  private constructor(writer: Database.Database, reader: Database.Database, scans: ScanPool) {
    const compiler = new StatementCompiler();
    const writeTx = storeTx(new SqliteExecutor(writer, compiler));
    this.#writer = writer;
    this.#checkpoints = new Checkpoints(writer);
    this.#reader = reader;
    this.#scans = scans;
    this.#readTx = storeTx(new SqliteReader(reader, compiler, scans));
    this.#commits = new GroupCommit(writer, writeTx, nextTurn);
  }

  /** Opens or creates the database in `file` and migrates it to the newest schema. */
  static async open(file: string): Promise<SqliteStore> {
    const writer = new Database(file);
    try {
      // better-sqlite3 sets NORMAL with WAL, and then an acknowledged commit would not survive a
      // power cut.
      writer.pragma("journal_mode = WAL");
      writer.pragma("synchronous = FULL");
      writer.pragma("foreign_keys = ON");
      await migrate(writer);
      const reader = new Database(file, { readonly: true });
      reader.pragma("query_only = ON");
      return new SqliteStore(writer, reader, new ScanPool(file));
    } catch (cause) {
      writer.close();
      throw new Error(`the database ${file} could not be opened`, { cause });
    }
  }

  /**
   * One statement is a consistent read. `work` runs on the read-only connection without a
   * transaction.
   */
  read<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    return work(this.#readTx);
  }

  async write<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    try {
      return await this.#commits.run(work);
    } finally {
      this.#checkpoints.afterCommit();
    }
  }

  async close(): Promise<void> {
    await this.#commits.close();
    await this.#scans.close();
    this.#reader.close();
    this.#writer.close();
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Prepared {
  readonly compiled: CompiledStatement;
  readonly prepared: Database.Statement<Bound[]>;
}

export class SqliteExecutor implements Executor {
  readonly dialect = SQLITE_DIALECT;
  readonly hasOtherWriters = false;
  readonly #database: Database.Database;
  protected readonly compiler: StatementCompiler;
  readonly #prepared = new WeakMap<object, Prepared>();

  constructor(database: Database.Database, compiler: StatementCompiler) {
    this.#database = database;
    this.compiler = compiler;
  }

  async all<P extends Record<string, Bound>, O>(statement: Statement<P, O>, params: P): Promise<O[]> {
    const { compiled, prepared } = this.#prepare(statement);
    const values = bindValues(compiled, params);
    // The row's type is the one that Kysely inferred for this query. The migrations define the
    // schema of the table.
    if (prepared.reader) return prepared.all(...values) as O[];
    prepared.run(...values);
    return [];
  }

  async compareAndSet<P extends Record<string, Bound>>(statement: Statement<P, unknown>, params: P): Promise<void> {
    const { compiled, prepared } = this.#prepare(statement);
    const { changes } = prepared.run(...bindValues(compiled, params));
    if (changes !== 1) throw new VersionConflictError(`${changes} rows were changed by ${compiled.sql}`);
  }

  async allOnce<O>(build: (db: KyselyDb<Schema>) => Compilable<O>): Promise<O[]> {
    const { sql, values } = this.compiler.compileOnce(build);
    return this.#database.prepare<Bound[], O>(sql).all(...values);
  }

  #prepare<P extends Record<string, Bound>, O>(statement: Statement<P, O>): Prepared {
    const known = this.#prepared.get(statement);
    if (known) return known;
    const compiled = this.compiler.compile(statement);
    const prepared = { compiled, prepared: this.#database.prepare<Bound[]>(compiled.sql) };
    this.#prepared.set(statement, prepared);
    return prepared;
  }
}

/** Outside transactions, queries that may look at every row run in the scan processes. */
class SqliteReader extends SqliteExecutor {
  readonly settledCounts = new SettledCounts();
  readonly #scans: ScanPool;

  constructor(database: Database.Database, compiler: StatementCompiler, scans: ScanPool) {
    super(database, compiler);
    this.#scans = scans;
  }

  override async allOnce<O>(build: (db: KyselyDb<Schema>) => Compilable<O>): Promise<O[]> {
    const { sql, values } = this.compiler.compileOnce(build);
    // As in `all`: the row's type is the query's own.
    return (await this.#scans.all(sql, values)) as O[];
  }
}

export async function migrate(database: Database.Database): Promise<void> {
  // Kysely closes the connection that it is given, but this connection must stay open.
  const dialect = new SqliteDialect({ database: async () => new Proxy(database, keepOpen) });
  const db = new Kysely<unknown>({ dialect });
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
}

const keepOpen: ProxyHandler<Database.Database> = {
  get(target, name) {
    if (name === "close") return () => undefined;
    const value: unknown = Reflect.get(target, name, target);
    return typeof value === "function" ? value.bind(target) : value;
  },
};
