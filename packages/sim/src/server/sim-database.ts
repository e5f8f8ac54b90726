import type { Store } from "@halligan/server/simulation";
import type { Life } from "../time/life.ts";
import type { World } from "../world/world.ts";

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
  bound_ms: number | null;
  commands: string;
}

export interface AuditRow {
  operation: string;
  action_id: string | null;
  detail: string;
}

/** What a backup has of the moment in which it was made. */
export interface Backup {
  /** Everything since then is gone. The servers are down meanwhile. */
  restore(): Promise<void>;
}

/** The process of the server to which a store belongs. */
export interface StoreOwner {
  /** Resolves when the process can reach its database. */
  reachesDatabase(): Promise<void>;
  /** Asked at each COMMIT: `before` loses it, `after` keeps it and answers nobody. */
  crashAtCommit(): "before" | "after" | null;
  crashed(): void;
  /** These actions were written by a commit that is durable now. */
  committed(actionIds: ReadonlySet<string>): void;
  /** A commit that is durable now says that the device of a machine holds this rolling value. */
  held(machineId: string, value: string, journalId: string | null): void;
  /** A transaction lost a race and was run again. */
  ranAgain(): void;
}

/** A database that outlives the servers on it, as a schedule and its invariants see it: what is committed, at once. */
export interface SimDatabase {
  /** How many nodes may use it at once. One that is not shared knows of no node but its own. */
  readonly maxNodes: number;
  /** Empty again, but for what the migrations put there. */
  clear(world: World): Promise<void>;
  /** The store of one process of node `nodeIndex`. */
  openStore(nodeIndex: number, life: Life, owner: StoreOwner): Store;
  /** A process has died: what it had under way is rolled back. */
  rollBack(): void;
  /** Resolves when nothing is left to do but what waits for a simulated event. */
  quiet(): Promise<void>;
  /** Null where none can be made at this moment. */
  backup(): Backup | null;
  /** What the invariants were shown and the database does not hold, or the other way round; null when there is no such thing. */
  difference(): Promise<string | null>;

  action(id: string): ActionRow | undefined;
  actions(): ActionRow[];
  /** Unfinished, or with an order that may still run. */
  open(): ActionRow[];
  quarantinedMachines(): string[];
  /** Whether whoever sends something at this moment could know it. */
  isQuarantined(machineId: string): boolean;
  auditOfActions(): AuditRow[];
}
