import {
  type CommitConnection,
  GroupCommit,
  type SqliteExecutor,
  type Store,
  type StoreTx,
  storeTx,
} from "@halligan/server/simulation";
import type Database from "better-sqlite3";
import type { ProcessLifetime } from "../time/process-lifetime.ts";
import { forever } from "../time/process-lifetime.ts";
import type { World } from "../world/world.ts";
import { type HeldValue, heldValue } from "./held-value.ts";
import type { StoreOwner } from "./sim-database.ts";

/** What a store needs from the database that outlives it. */
export interface LastingDatabase {
  readonly connection: Database.Database;
  readonly executor: SqliteExecutor;
}

/**
 * The store of one process lifetime of the server. It uses the product's group commit, statements
 * and schema over a database that outlives the process. A crash rolls back uncommitted work, and
 * callers that wait for a response wait indefinitely.
 */
export class CrashingStore implements Store {
  readonly #world: World;
  readonly #lifetime: ProcessLifetime;
  readonly #database: LastingDatabase;
  readonly #owner: StoreOwner;
  readonly #tx: StoreTx;
  readonly #commits: GroupCommit;
  readonly #written = new Set<string>();
  readonly #held: HeldValue[] = [];
  #committed = Promise.withResolvers<void>();

  constructor(world: World, lifetime: ProcessLifetime, database: LastingDatabase, owner: StoreOwner) {
    this.#world = world;
    this.#lifetime = lifetime;
    this.#database = database;
    this.#owner = owner;
    this.#tx = this.#watched(
      storeTx({
        dialect: database.executor.dialect,
        hasOtherWriters: database.executor.hasOtherWriters,
        all: async (statement, params) => {
          this.#refuseTheDead();
          return database.executor.all(statement, params);
        },
        compareAndSet: async (statement, params) => {
          this.#refuseTheDead();
          return database.executor.compareAndSet(statement, params);
        },
        allOnce: async (build) => {
          this.#refuseTheDead();
          return database.executor.allOnce(build);
        },
      }),
    );
    this.#commits = new GroupCommit(this.#connection(), this.#tx, () => this.#joinBatch());
  }

  /**
   * There is only one connection. A read waits until no transaction is open, because it would see
   * uncommitted rows.
   */
  async read<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    while (this.#database.connection.inTransaction && !this.#lifetime.isOver) await this.#committed.promise;
    return work(this.#tx);
  }

  write<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    return this.#commits.run(work);
  }

  close(): Promise<void> {
    return this.#commits.close();
  }

  /** A commit takes some time. Other requests join it meanwhile. */
  async #joinBatch(): Promise<void> {
    await this.#world.delay(0, 4);
    if (this.#lifetime.isOver) await forever();
  }

  #connection(): CommitConnection {
    const { connection } = this.#database;
    const exec = (sql: string) => {
      this.#refuseTheDead();
      if (sql === "COMMIT") this.#commit();
      else connection.exec(sql);
      if (sql === "ROLLBACK") {
        this.#written.clear();
        this.#held.length = 0;
      }
      return connection;
    };
    return {
      exec,
      get inTransaction() {
        return connection.inTransaction;
      },
    };
  }

  #commit(): void {
    const crash = this.#owner.crashAtCommit();
    if (crash === "before") this.#die();
    this.#database.connection.exec("COMMIT");
    this.#committed.resolve();
    this.#committed = Promise.withResolvers<void>();
    for (const { machineId, value, journalId } of this.#held.splice(0)) this.#owner.held(machineId, value, journalId);
    this.#owner.committed(this.#written);
    this.#written.clear();
    if (crash === "after") this.#die();
  }

  #die(): never {
    this.#owner.crashed();
    throw new Error("the server died at a commit");
  }

  #refuseTheDead(): void {
    if (this.#lifetime.isOver) throw new Error("this server is dead");
  }

  #watched(tx: StoreTx): StoreTx {
    const { insert, save } = tx.actions;
    const { machines } = tx;
    return {
      ...tx,
      machines: {
        ...machines,
        save: (loaded, changed) => {
          const held = heldValue(loaded, changed);
          if (held) this.#held.push(held);
          return machines.save(loaded, changed);
        },
      },
      actions: {
        ...tx.actions,
        insert: (action) => {
          this.#written.add(action.id);
          return insert(action);
        },
        save: (loaded, changed) => {
          this.#written.add(loaded.id);
          return save(loaded, changed);
        },
      },
    };
  }
}
