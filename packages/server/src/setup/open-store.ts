import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { SCAN_PROCESSES } from "../store/sqlite/scan-pool.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import type { BackendSettings } from "./backend-settings.ts";

export interface OpenedStore {
  readonly store: Store;
  /** Null when no other node uses the same database. */
  readonly databaseNowMs: (() => Promise<number>) | null;
  /** How often the database was asked since the start; null when there is no network to it. */
  readonly databaseRoundTrips: (() => number) | null;
  /** Number of lists that can run at once without delaying other work. */
  readonly runningLists: number;
}

export async function openStore(config: Config, { database }: BackendSettings): Promise<OpenedStore> {
  if (!database) {
    const store = await SqliteStore.open(join(config.dataDir, "halligan.db"));
    return { store, databaseNowMs: null, databaseRoundTrips: null, runningLists: SCAN_PROCESSES };
  }
  // Loaded only where it is used.
  const { PostgresStore } = await import("../store/postgres/postgres-store.ts");
  const { LIST_CONNECTIONS } = await import("../store/postgres/postgres-pool.ts");
  const store = await PostgresStore.open(database);
  return {
    store,
    databaseNowMs: () => store.nowMs(),
    databaseRoundTrips: () => store.roundTrips,
    runningLists: LIST_CONNECTIONS,
  };
}
