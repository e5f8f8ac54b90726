import { PostgresStore, type Store } from "@halligan/server/simulation";
import type { ProcessLifetime } from "../../time/process-lifetime.ts";
import { quiet } from "../../time/quiet.ts";
import type { World } from "../../world/world.ts";
import type { ActionRow, AuditRow, Backup, SimDatabase, StoreOwner } from "../sim-database.ts";
import { CommitOrder } from "./commit-order.ts";
import { CommittedRows, type Written } from "./committed-rows.ts";
import { CrashingPostgresStore } from "./crashing-postgres-store.ts";
import { Rendezvous } from "./rendezvous.ts";
import { TableRows } from "./table-rows.ts";

const MAX_NODES = 2;
/**
 * Connections of each node. There are fewer than concurrent requests, so some requests must wait.
 */
const MAX_CONNECTIONS = 5;

interface Run {
  world: World;
  rendezvous: Rendezvous;
  order: CommitOrder;
  rows: CommittedRows;
}

/**
 * A real PostgreSQL under simulated servers. Its transactions, locks and races are real. Simulated
 * time stands still while a transaction runs. Runs reuse it, because migrations would take longer
 * than a run.
 */
export class PostgresDatabase implements SimDatabase, AsyncDisposable {
  readonly maxNodes = MAX_NODES;
  readonly #stores: readonly PostgresStore[];
  readonly #tables: TableRows;
  #run: Run | null = null;
  #busy = 0;
  #idle = Promise.withResolvers<void>();

  private constructor(stores: readonly PostgresStore[], tables: TableRows) {
    this.#stores = stores;
    this.#tables = tables;
  }

  /** `url`: an empty database, or one that an earlier call has migrated. */
  static async open(url: string): Promise<PostgresDatabase> {
    await using opened = new AsyncDisposableStack();
    const stores: PostgresStore[] = [];
    while (stores.length < MAX_NODES) {
      const store = await PostgresStore.open({ url, maxConnections: MAX_CONNECTIONS });
      opened.defer(() => store.close());
      stores.push(store);
    }
    const tables = opened.use(await TableRows.open(url));
    opened.move();
    return new PostgresDatabase(stores, tables);
  }

  async clear(world: World): Promise<void> {
    await this.quiet();
    await this.#tables.clear();
    this.#run = { world, rendezvous: new Rendezvous(world), order: new CommitOrder(), rows: new CommittedRows() };
  }

  openStore(nodeIndex: number, lifetime: ProcessLifetime, owner: StoreOwner): Store {
    const store = this.#stores[nodeIndex];
    if (!store) throw new Error(`there is no node ${nodeIndex}`);
    const { world, rendezvous, order, rows } = this.#current;
    const shared = {
      arrive: () => rendezvous.arrive(),
      busyWith: <T>(work: () => Promise<T>) => this.#busyWith(work),
      takePlace: () => order.take(),
      show: (written: Written) => {
        const wrong = rows.show(written, world.timeline.nowMs);
        if (wrong !== null) world.violated("nothingBreaks", wrong);
      },
    };
    return new CrashingPostgresStore(store, shared, lifetime, owner);
  }

  /**
   * Nothing to do: its statements are refused from now on, so the product's store rolls back by
   * itself.
   */
  rollBack(): void {}

  async quiet(): Promise<void> {
    do {
      if (this.#busy > 0) await this.#idle.promise;
      await quiet();
    } while (this.#busy > 0);
  }

  backup(): Backup | null {
    const copy = this.#busyWith(() => this.#tables.copy());
    copy.catch(() => undefined);
    return { restore: async () => this.#restore(await copy) };
  }

  async difference(): Promise<string | null> {
    return this.#current.rows.difference(await this.#busyWith(() => this.#tables.all()));
  }

  /** A read is a conversation with PostgreSQL, which the simulation schedules. */
  committed(): null {
    return null;
  }

  action(id: string): ActionRow | undefined {
    return this.#current.rows.actions.get(id);
  }

  actions(): ActionRow[] {
    return [...this.#current.rows.actions.values()];
  }

  open(): ActionRow[] {
    return this.actions().filter(
      ({ status, order_state }) => status === "Pending" || status === "InProgress" || order_state === "out",
    );
  }

  quarantinedMachines(): string[] {
    return [...this.#current.rows.quarantined.keys()];
  }

  /** This node cannot know what another node commits at the same moment. */
  isQuarantined(machineId: string): boolean {
    const { rows, world } = this.#current;
    const sinceMs = rows.quarantined.get(machineId);
    return sinceMs !== undefined && sinceMs < world.timeline.nowMs;
  }

  auditOfActions(): AuditRow[] {
    return this.#current.rows.audit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.quiet();
    await Promise.all([...this.#stores.map((store) => store.close()), this.#tables[Symbol.asyncDispose]()]);
  }

  get #current(): Run {
    if (!this.#run) throw new Error("the database belongs to no run yet");
    return this.#run;
  }

  async #restore(copy: Backup): Promise<void> {
    // The transactions of dead servers end first.
    while (this.#busy > 0) await this.#idle.promise;
    await this.#busyWith(async () => {
      await copy.restore();
      const { rows, world } = this.#current;
      rows.restored(await this.#tables.all(), world.timeline.nowMs);
    });
  }

  async #busyWith<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) {
        this.#idle.resolve();
        this.#idle = Promise.withResolvers<void>();
      }
    }
  }
}
