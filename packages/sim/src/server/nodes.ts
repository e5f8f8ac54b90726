import type { LinkSocket, LinkSocketEvents } from "@halligan/server/simulation";
import type { World } from "../world/world.ts";
import type { Backup } from "./sim-database.ts";
import type { Incarnation, SimServer } from "./sim-server.ts";

/** The link of a device on the node that took it. */
export interface TakenSocket {
  events: LinkSocketEvents;
  node: Incarnation;
}

/** All nodes of a deployment behind one address: whoever is up may answer. */
export class Nodes {
  readonly #world: World;
  readonly all: readonly [SimServer, ...SimServer[]];

  constructor(world: World, all: readonly [SimServer, ...SimServer[]]) {
    this.#world = world;
    this.all = all;
  }

  /** One that answers; null while there is none. */
  get running(): Incarnation | null {
    const [first, ...others] = this.all.flatMap(({ running }) => running ?? []);
    if (!first) return null;
    return others.length === 0 ? first : this.#world.random.pick([first, ...others]);
  }

  get areAllRunning(): boolean {
    return this.all.every(({ running }) => running !== null);
  }

  /** One of them, for a fault to strike. */
  any(): SimServer {
    return this.all.length === 1 ? this.all[0] : this.#world.random.pick(this.all);
  }

  accept(socket: LinkSocket): TakenSocket | null {
    const node = this.running;
    const events = node?.gateway.connect(socket);
    return node && events ? { events, node } : null;
  }

  async start(): Promise<void> {
    await Promise.all(this.all.map((node) => node.start()));
  }

  /** Somebody puts a backup in the place of the database, and starts the servers again. */
  async restore(backup: Backup, restored: () => void): Promise<void> {
    for (const node of this.all) node.crash("its store is restored from a backup");
    await backup.restore();
    restored();
  }
}
