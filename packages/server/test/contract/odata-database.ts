import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Compilable, Kysely } from "kysely";
import type { Machine } from "../../src/domain/machine.ts";
import type { MachineAction } from "../../src/domain/machine-action.ts";
import type { Schema } from "../../src/store/schema.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { type Bound, type Executor, StatementCompiler } from "../../src/store/statement.ts";

/** A migrated SQLite database in a folder of its own, filled through the store, read through `executor`. */
export class ListDatabase implements AsyncDisposable {
  readonly database: Database.Database;
  readonly #folder: string;
  readonly #store: SqliteStore;
  readonly #compiler = new StatementCompiler();

  private constructor(folder: string, store: SqliteStore, database: Database.Database) {
    this.#folder = folder;
    this.#store = store;
    this.database = database;
  }

  static async open(): Promise<ListDatabase> {
    const folder = await mkdtemp(join(tmpdir(), "halligan-odata-"));
    const file = join(folder, "lists.db");
    const store = await SqliteStore.open(file);
    const database = new Database(file);
    database.pragma("busy_timeout = 5000");
    for (const id of [1, 2])
      database
        .prepare(
          "insert into device_group (id, name, remediation_level, users, user_groups) values (?, ?, 'full', '[]', '[]')",
        )
        .run(id, groupName(id));
    return new ListDatabase(folder, store, database);
  }

  async addMachines(machines: readonly Machine[]): Promise<void> {
    await this.#store.write(async (tx) => {
      for (const machine of machines) await tx.machines.insert(machine);
    });
  }

  async addActions(actions: readonly MachineAction[]): Promise<void> {
    await this.#store.write(async (tx) => {
      for (const action of actions) await tx.actions.insert(action);
    });
  }

  readonly executor: Executor = {
    all: () => Promise.reject(new Error("lists run queries that are new each time")),
    allOnce: async <O>(build: (db: Kysely<Schema>) => Compilable<O>): Promise<O[]> => {
      const { sql, values } = this.#compiler.compileOnce(build);
      return this.database.prepare<Bound[], O>(sql).all(...values);
    },
  };

  /** Collects what SQLite would do for each query, and answers all of them with no rows. */
  explaining(plans: string[]): Executor {
    return {
      all: this.executor.all,
      allOnce: async (build) => {
        const { sql, values } = this.#compiler.compileOnce(build);
        const steps = this.database.prepare<Bound[], { detail: string }>(`explain query plan ${sql}`).all(...values);
        plans.push(...steps.map(({ detail }) => detail));
        return [];
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database.close();
    await this.#store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Of the groups 0 to 2; 0 is the migration's. */
export const groupName = (id: number): string => (id === 0 ? "UnassignedGroup" : `group ${id}`);
