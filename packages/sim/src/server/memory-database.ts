import { migrate, SqliteExecutor, StatementCompiler } from "@halligan/server/simulation";
import Database from "better-sqlite3";

/** One row of `machine_action` as it is in the table, whatever the code above it believes. */
export interface ActionRow {
  id: string;
  machine_id: string;
  status: string;
  deadline_ms: number | null;
  order_seq: number | null;
  order_state: string | null;
  holds_place: number;
  place_until_ms: number | null;
  commands: string;
}

/**
 * The store's bytes: what was committed survives every crash of the server. SQLite in memory; one connection, kept from run to run,
 * because migrating and preparing would take longer than a run.
 */
export class MemoryDatabase {
  readonly connection: Database.Database;
  readonly executor: SqliteExecutor;
  readonly #action: Database.Statement<[string], ActionRow>;
  readonly #actions: Database.Statement<[], ActionRow>;
  readonly #open: Database.Statement<[], ActionRow>;
  readonly #audit: Database.Statement<[], { operation: string; action_id: string | null; detail: string }>;
  readonly #quarantined: Database.Statement<[], { id: string }>;
  readonly #tables: readonly string[];

  private constructor(connection: Database.Database) {
    this.connection = connection;
    this.executor = new SqliteExecutor(connection, new StatementCompiler());
    const columns =
      "id, machine_id, status, deadline_ms, order_seq, order_state, holds_place, place_until_ms, commands";
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

  /** Empty again, but for what the migrations put there. */
  clear(): void {
    if (this.connection.inTransaction) this.connection.exec("ROLLBACK");
    for (const table of this.#tables) {
      if (table !== "device_group") this.connection.exec(`delete from ${table}`);
    }
  }

  action(id: string): ActionRow | undefined {
    return this.#action.get(id);
  }

  actions(): ActionRow[] {
    return this.#actions.all();
  }

  /** Unfinished, or with an order that may still run. */
  open(): ActionRow[] {
    return this.#open.all();
  }

  quarantinedMachines(): string[] {
    return this.#quarantined.all().map(({ id }) => id);
  }

  isQuarantined(machineId: string): boolean {
    return this.quarantinedMachines().includes(machineId);
  }

  auditOfActions(): { operation: string; action_id: string | null; detail: string }[] {
    return this.#audit.all();
  }
}
