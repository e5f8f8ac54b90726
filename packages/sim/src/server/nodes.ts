import type { AgentSocket, AgentSocketEvents } from "@halligan/server/simulation";
import type { World } from "../world/world.ts";
import type { Backup } from "./sim-database.ts";
import type { ServerProcess, SimServer } from "./sim-server.ts";

/** The connection of a device on the node that accepted it. */
export interface AcceptedSocket {
  events: AgentSocketEvents;
  node: ServerProcess;
}

/** All nodes of a deployment behind one address. Any running node can answer. */
export class Nodes {
  readonly #world: World;
  readonly all: readonly [SimServer, ...SimServer[]];

  constructor(world: World, all: readonly [SimServer, ...SimServer[]]) {
    this.#world = world;
    this.all = all;
  }

  /** A node that answers; null when there is none. */
  get running(): ServerProcess | null {
    const [first, ...others] = this.all.flatMap(({ running }) => running ?? []);
    if (!first) return null;
    return others.length === 0 ? first : this.#world.random.pick([first, ...others]);
  }

  get areAllRunning(): boolean {
    return this.all.every(({ running }) => running !== null);
  }

  /** A random node, as the target of a fault. */
  any(): SimServer {
    return this.all.length === 1 ? this.all[0] : this.#world.random.pick(this.all);
  }

  accept(socket: AgentSocket): AcceptedSocket | null {
    const node = this.running;
    const events = node?.gateway.connect(socket);
    return node && events ? { events, node } : null;
  }

  async start(): Promise<void> {
    await Promise.all(this.all.map((node) => node.start()));
  }

  /** Replaces the database by a backup and restarts the servers. */
  async restore(backup: Backup, restored: () => void): Promise<void> {
    for (const node of this.all) node.crash("its store is restored from a backup");
    await backup.restore();
    restored();
  }
}
