import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import type { Engines } from "./engines.ts";

/** `databaseNowMs` is there where other nodes may use the same database. */
export async function openStore(
  config: Config,
  { database }: Engines,
): Promise<{ store: Store; databaseNowMs: (() => Promise<number>) | null }> {
  if (!database) return { store: await SqliteStore.open(join(config.dataDir, "halligan.db")), databaseNowMs: null };
  // Its library is loaded only where it is used.
  const { PostgresStore } = await import("../store/postgres/postgres-store.ts");
  const store = await PostgresStore.open(database);
  return { store, databaseNowMs: () => store.nowMs() };
}
