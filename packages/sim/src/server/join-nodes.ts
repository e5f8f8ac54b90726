import { type Gateway, NodeLease, reapAllConnections, type ServiceContext } from "@halligan/server/simulation";
import type { World } from "../world/world.ts";
import type { SimDatabase } from "./sim-database.ts";

/** The facts that all nodes have in common. */
const ALIKE = { version: "simulated", bus: "simulated", blobs: "simulated", keys: { signs: [], accepts: [] } };

/**
 * Registers the process as a node of a shared database. For a single server, it returns null and
 * only removes the connections of the previous process from the store.
 */
export async function joinNodes(
  world: World,
  database: SimDatabase,
  { context, node, gateway }: { context: ServiceContext; node: { id: string }; gateway: Gateway },
): Promise<NodeLease | null> {
  if (database.maxNodes === 1) {
    await reapAllConnections(context);
    return null;
  }
  return NodeLease.join({
    service: context,
    facts: { ...ALIKE, publicUrl: context.publicUrl },
    node,
    closeConnections: () => gateway.closeConnections(),
    wait: (delayMs) => world.delay(delayMs, delayMs),
    databaseNowMs: async () => world.wallMs - world.wallOffsetMs,
  });
}
