import type { Store, StoreTx } from "@halligan/server/simulation";
import type { ProcessLifetime } from "../time/process-lifetime.ts";
import type { World } from "../world/world.ts";

/** One row of `machine_action` as stored in the table, independent of the product's code. */
export interface ActionRow {
  id: string;
  machine_id: string;
  status: string;
  deadline_ms: number | null;
  order_seq: number | null;
  order_state: string | null;
  holds_place: number;
  place_until_ms: number | null;
  bound_ms: number | null;
  scheduled_ms: number | null;
  commands: string;
}

export interface AuditRow {
  operation: string;
  action_id: string | null;
  detail: string;
}

/** The state of the database when the backup was made. */
export interface Backup {
  /** Discards everything since then. The servers are down meanwhile. */
  restore(): Promise<void>;
}

/** The server process that a store belongs to. */
export interface StoreOwner {
  /** Resolves when the process can reach its database. */
  reachesDatabase(): Promise<void>;
  /** Called at each COMMIT. `before` loses the commit; `after` keeps it and sends no response. */
  crashAtCommit(): "before" | "after" | null;
  crashed(): void;
  /** A commit that is now durable has written these actions. */
  committed(actionIds: ReadonlySet<string>): void;
  /** A commit that is now durable says that the device of a machine holds this rolling value. */
  held(machineId: string, value: string, journalId: string | null): void;
  /** A transaction lost a race and was retried. */
  ranAgain(): void;
}

/**
 * A database that outlives its servers, for a schedule and its invariants. They see committed data
 * at once.
 */
export interface SimDatabase {
  /** How many nodes can use it at the same time. A database that is not shared has one node. */
  readonly maxNodes: number;
  /** Empties the database, except for the rows of the migrations. */
  clear(world: World): Promise<void>;
  /** The store of one process of node `nodeIndex`. */
  openStore(nodeIndex: number, lifetime: ProcessLifetime, owner: StoreOwner): Store;
  /** A process has died. Its uncommitted work is rolled back. */
  rollBack(): void;
  /** Resolves when all remaining work waits for a simulated event. */
  quiet(): Promise<void>;
  /** Null when no backup can be made at this moment. */
  backup(): Backup | null;
  /**
   * The difference between what the invariants have seen and what the database holds; null when
   * there is none.
   */
  difference(): Promise<string | null>;

  /**
   * The product's statements over what is committed, for a check that reads it as the product does.
   * Null while a transaction is open, and where a read would need simulated events.
   */
  committed(): StoreTx | null;

  action(id: string): ActionRow | undefined;
  actions(): ActionRow[];
  /** Actions that are unfinished, or that have an order which may still run. */
  open(): ActionRow[];
  quarantinedMachines(): string[];
  /** Whether the machine is in quarantine, as far as a sender could know at this moment. */
  isQuarantined(machineId: string): boolean;
  auditOfActions(): AuditRow[];
}
