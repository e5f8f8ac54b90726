import {
  migrate,
  SqliteExecutor,
  StatementCompiler,
  type Store,
  type StoreTx,
  storeTx,
} from "@halligan/server/simulation";
import Database from "better-sqlite3";
import type { ProcessLifetime } from "../time/process-lifetime.ts";
import { quiet } from "../time/quiet.ts";
import type { World } from "../world/world.ts";
import { CrashingStore } from "./crashing-store.ts";
import type { ActionRow, AuditRow, Backup, SimDatabase, StoreOwner } from "./sim-database.ts";

/**
 * The bytes of the store. Committed data survives every crash of the server. It is an SQLite
 * database in memory with one connection. Runs reuse it, because migrations and prepared statements
 * would take longer than a run.
 */
export class MemoryDatabase implements SimDatabase {
  readonly maxNodes = 1;
  readonly connection: Database.Database;
  readonly executor: SqliteExecutor;
  readonly #action: Database.Statement<[string], ActionRow>;
  readonly #actions: Database.Statement<[], ActionRow>;
  readonly #open: Database.Statement<[], ActionRow>;
  readonly #audit: Database.Statement<[], AuditRow>;
  readonly #quarantined: Database.Statement<[], { id: string }>;
  readonly #tables: readonly string[];
  readonly #tx: StoreTx;
  #world: World | null = null;

  private constructor(connection: Database.Database) {
    this.connection = connection;
    this.executor = new SqliteExecutor(connection, new StatementCompiler());
    this.#tx = storeTx(this.executor);
    const columns =
      "id, machine_id, status, deadline_ms, order_seq, order_state, holds_place, place_until_ms, bound_ms, scheduled_ms, commands";
    this.#action = connection.prepare(`select ${columns} from machine_action where id = ?`);
    this.#actions = connection.prepare(`select ${columns} from machine_action order by seq`);
    const isOpen = "status in ('Pending', 'InProgress') or order_state = 'out'";
    this.#open = connection.prepare(`select ${columns} from machine_action where ${isOpen}`);
    this.#audit = connection.prepare("select operation, action_id, detail from audit where action_id is not null");
    this.#quarantined = connection.prepare("select id from machine where quarantined = 1");
    this.#tables = connection
      .prepare<[], { name: string }>("select name from sqlite_master where type = 'table' and name not like 'kysely%'")
      .all()
      .map(({ name }) => name);
  }

  static async open(): Promise<MemoryDatabase> {
    const connection = new Database(":memory:");
    await migrate(connection);
    connection.pragma("foreign_keys = OFF");
    return new MemoryDatabase(connection);
  }

  async clear(world: World): Promise<void> {
    this.#world = world;
    this.rollBack();
    for (const table of this.#tables) {
      if (table !== "device_group") this.connection.exec(`delete from ${table}`);
    }
  }

  openStore(_nodeIndex: number, lifetime: ProcessLifetime, owner: StoreOwner): Store {
    if (!this.#world) throw new Error("the database belongs to no run yet");
    return new CrashingStore(this.#world, lifetime, this, owner);
  }

  rollBack(): void {
    if (this.connection.inTransaction) this.connection.exec("ROLLBACK");
  }

  quiet(): Promise<void> {
    return quiet();
  }

  backup(): Backup | null {
    if (this.connection.inTransaction) return null;
    const tables = this.#tables.map((table) => ({
      table,
      rows: this.connection.prepare<[], Record<string, unknown>>(`select * from ${table}`).all(),
    }));
    return { restore: async () => this.#restore(tables) };
  }

  /** The invariants read the tables themselves, so there is no difference. */
  async difference(): Promise<null> {
    return null;
  }

  #restore(tables: readonly { table: string; rows: readonly Record<string, unknown>[] }[]): void {
    for (const { table, rows } of tables) {
      this.connection.exec(`delete from ${table}`);
      for (const row of rows) {
        const columns = Object.keys(row);
        const values = columns.map((column) => `@${column}`);
        this.connection.prepare(`insert into ${table} (${columns}) values (${values})`).run(row);
      }
    }
  }

  committed(): StoreTx | null {
    return this.connection.inTransaction ? null : this.#tx;
  }

  action(id: string): ActionRow | undefined {
    return this.#action.get(id);
  }

  actions(): ActionRow[] {
    return this.#actions.all();
  }

  open(): ActionRow[] {
    return this.#open.all();
  }

  quarantinedMachines(): string[] {
    return this.#quarantined.all().map(({ id }) => id);
  }

  isQuarantined(machineId: string): boolean {
    return this.quarantinedMachines().includes(machineId);
  }

  auditOfActions(): AuditRow[] {
    return this.#audit.all();
  }
}
