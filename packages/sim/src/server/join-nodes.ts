import { forgetAllLinks, type Gateway, NodeLease, type ServiceContext } from "@halligan/server/simulation";
import type { World } from "../world/world.ts";
import type { SimDatabase } from "./sim-database.ts";

/** All nodes are set up alike. */
const ALIKE = { version: "simulated", bus: "simulated", blobs: "simulated", keys: { signs: [], accepts: [] } };

/** A place among the nodes of a database that others may use; one of a single server, null, has only the links of the server before. */
export async function joinNodes(
  world: World,
  database: SimDatabase,
  { context, node, gateway }: { context: ServiceContext; node: { id: string }; gateway: Gateway },
): Promise<NodeLease | null> {
  if (database.maxNodes === 1) {
    await forgetAllLinks(context);
    return null;
  }
  return NodeLease.join({
    service: context,
    facts: { ...ALIKE, publicUrl: context.publicUrl },
    node,
    closeLinks: () => gateway.closeLinks(),
    wait: (delayMs) => world.delay(delayMs, delayMs),
    databaseNowMs: async () => world.wallMs - world.wallOffsetMs,
  });
}
