import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { SqliteExecutor, SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { type Bound, bindValues, type Executor, StatementCompiler } from "../../../src/store/statement.ts";
import type { Store } from "../../../src/store/store.ts";

/** A migrated database. Filled through the store, read through `executor`. */
export interface ListDatabase extends AsyncDisposable {
  readonly executor: Executor;
  addMachines(machines: readonly Machine[]): Promise<void>;
  addActions(actions: readonly MachineAction[]): Promise<void>;
}

/** Filled in this sequence, so that the sequence numbers are known. */
export class ListStore {
  readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  async addGroups(): Promise<void> {
    await this.store.write(async (tx) => {
      for (const id of [1, 2]) {
        const group = {
          name: groupName(id),
          remediationLevel: "full",
          isOpenToUsers: true,
          users: [],
          userGroups: [],
        } as const;
        assert.equal((await tx.deviceGroups.insert(group)).id, id);
      }
    });
  }

  async addMachines(machines: readonly Machine[]): Promise<void> {
    await this.store.write(async (tx) => {
      for (const machine of machines) await tx.machines.insert(machine);
    });
  }

  async addActions(actions: readonly MachineAction[]): Promise<void> {
    await this.store.write(async (tx) => {
      for (const action of actions) await tx.actions.insert(action);
    });
  }
}

/** SQLite in a folder of its own. */
export class SqliteLists extends ListStore implements ListDatabase {
  readonly database: Database.Database;
  readonly executor: Executor;
  readonly #folder: string;
  readonly #compiler = new StatementCompiler();

  private constructor(folder: string, store: SqliteStore, database: Database.Database) {
    super(store);
    this.#folder = folder;
    this.database = database;
    this.executor = new SqliteExecutor(database, this.#compiler);
  }

  static async open(): Promise<SqliteLists> {
    const folder = await mkdtemp(join(tmpdir(), "halligan-odata-"));
    const file = join(folder, "lists.db");
    const store = await SqliteStore.open(file);
    const database = new Database(file);
    database.pragma("busy_timeout = 5000");
    const lists = new SqliteLists(folder, store, database);
    await lists.addGroups();
    return lists;
  }

  /** Collects the plan of SQLite for each query, and returns no rows for any of them. */
  explaining(plans: string[]): Executor {
    return {
      dialect: this.executor.dialect,
      hasOtherWriters: false,
      compareAndSet: () => Promise.reject(new Error("lists change nothing")),
      all: async (statement, params) => {
        const compiled = this.#compiler.compile(statement);
        plans.push(...this.#stepsOf(compiled.sql, bindValues(compiled, params)));
        return [];
      },
      allOnce: async (build) => {
        const { sql, values } = this.#compiler.compileOnce(build);
        plans.push(...this.#stepsOf(sql, values));
        return [];
      },
    };
  }

  #stepsOf(sql: string, values: Bound[]): string[] {
    const steps = this.database.prepare<Bound[], { detail: string }>(`explain query plan ${sql}`).all(...values);
    return steps.map(({ detail }) => detail);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database.close();
    await this.store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Of the groups 0 to 2; 0 is the migration's. */
export const groupName = (id: number): string => (id === 0 ? "UnassignedGroup" : `group ${id}`);
