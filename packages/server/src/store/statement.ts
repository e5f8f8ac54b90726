import {
  type Compilable,
  DummyDriver,
  Kysely,
  type OperationNode,
  type RawBuilder,
  type RootOperationNode,
  type SqlBool,
  SqliteAdapter,
  SqliteIntrospector,
} from "kysely";
import type { Filter } from "../odata/filter.ts";
import type { Schema } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";
import { SQLITE_DIALECT } from "./sqlite-dialect.ts";

/** Values that can be bound to a parameter. Booleans are stored as 0 and 1. */
export type Bound = string | number | null | Uint8Array;

/**
 * A query that Kysely builds once for each dialect and that then runs prepared. Building it each
 * time costs more than running it: 906 whole actions a second against 3,403 (store work only,
 * SQLite).
 */
export interface Statement<P extends Record<string, Bound>, O> {
  readonly build: (db: Kysely<Schema>, params: P, dialect: SqlDialect) => Compilable<O>;
}

export interface CompiledStatement {
  sql: string;
  /** False for a change whose rows are not needed. */
  returnsRows: boolean;
  /**
   * For each placeholder the name of its parameter, or a constant that the query itself contains.
   */
  placeholders: readonly (Parameter | Bound)[];
}

/** The condition of a filter in two forms that accept the same rows. */
export interface CountConditions {
  /** Uses the index that suits a count of everything. */
  readonly indexed: RawBuilder<SqlBool>;
  /** Uses no index. For rows that are already known by their sequence. */
  readonly unindexed: RawBuilder<SqlBool>;
}

/** Counts actions, starting from those that cannot change any more. */
export interface SettledCounter {
  count(executor: Executor, filter: Filter | null, conditions: CountConditions): Promise<number>;
}

/** Runs statements on one connection or inside one transaction. */
export interface Executor {
  readonly dialect: SqlDialect;
  /**
   * True if another writer may be active at the same time. Rows that are read to be changed are
   * then locked until this transaction ends. SQLite has only one writer.
   */
  readonly hasOtherWriters: boolean;
  /**
   * Lets counts of many actions reuse earlier results. Undefined inside transactions.
   */
  readonly settledCounts?: SettledCounter;
  all<P extends Record<string, Bound>, O>(statement: Statement<P, O>, params: P): Promise<O[]>;
  /**
   * A compare and set: `VersionConflictError` unless it changes exactly one row. Where that is
   * known only later it comes with a later statement or with the commit, so `statement` asks for no
   * rows.
   */
  compareAndSet<P extends Record<string, Bound>>(statement: Statement<P, unknown>, params: P): Promise<void>;
  /**
   * `VersionConflictError`, at the latest with the commit, unless `statement` finds exactly one
   * row: a unit that has read a row before starts from it without another round trip. Undefined
   * where a read costs none, and in a unit that is repeated, which must read again.
   */
  readonly assume?: <P extends Record<string, Bound>>(statement: Statement<P, unknown>, params: P) => Promise<void>;
  /** For a query that is different each time (a caller's filter). */
  allOnce<O>(build: (db: Kysely<Schema>) => Compilable<O>): Promise<O[]>;
}

export const statement =
  <P extends Record<string, Bound>>() =>
  <O>(build: (db: Kysely<Schema>, params: P, dialect: SqlDialect) => Compilable<O>): Statement<P, O> => ({ build });

class Parameter {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Builds queries for one dialect without ever running them. */
export class StatementCompiler {
  readonly dialect: SqlDialect;
  readonly #db: Kysely<Schema>;
  readonly #compiled = new WeakMap<object, CompiledStatement>();

  constructor(dialect: SqlDialect = SQLITE_DIALECT) {
    this.dialect = dialect;
    this.#db = new Kysely<Schema>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (db) => new SqliteIntrospector(db),
        createQueryCompiler: () => dialect.createQueryCompiler(),
      },
    });
  }

  compile<P extends Record<string, Bound>, O>(statement: Statement<P, O>): CompiledStatement {
    const known = this.#compiled.get(statement);
    if (known) return known;
    const query = statement.build(this.#db, parameterMarkers<P>(), this.dialect).compile();
    const placeholders = query.parameters.map(placeholderOf);
    const compiled = { sql: query.sql, returnsRows: returnsRows(query.query), placeholders };
    this.#compiled.set(statement, compiled);
    return compiled;
  }

  compileOnce<O>(build: (db: Kysely<Schema>) => Compilable<O>): { sql: string; values: Bound[] } {
    const query = build(this.#db).compile();
    return { sql: query.sql, values: query.parameters.map(bound) };
  }
}

/** The values of `params` in the order of the statement's placeholders. */
export function bindValues(compiled: CompiledStatement, params: Record<string, Bound>): Bound[] {
  return compiled.placeholders.map((placeholder) => {
    if (!(placeholder instanceof Parameter)) return placeholder;
    const value = params[placeholder.name];
    if (value === undefined) throw new Error(`parameter ${placeholder.name} has no value: ${compiled.sql}`);
    return value;
  });
}

/**
 * Stands for the parameters while a query is built. Every property is a marker, and the compiled
 * query contains the markers as values. The type is false on purpose; the object never leaves
 * `compile`.
 */
function parameterMarkers<P>(): P {
  return new Proxy({}, { get: (_, name) => new Parameter(String(name)) }) as P;
}

function returnsRows(query: RootOperationNode): boolean {
  const returning: OperationNode | undefined = "returning" in query ? query.returning : undefined;
  return returning !== undefined || !CHANGES.has(query.kind);
}

const CHANGES: ReadonlySet<string> = new Set(["InsertQueryNode", "UpdateQueryNode", "DeleteQueryNode"]);

function placeholderOf(value: unknown): Parameter | Bound {
  return value instanceof Parameter ? value : bound(value);
}

function bound(value: unknown): Bound {
  if (value === null || typeof value === "string" || typeof value === "number" || value instanceof Uint8Array)
    return value;
  throw new TypeError(`a query cannot bind ${typeof value}`);
}
