import type { World } from "../../world/world.ts";

/** Most requests arrive soon. Sometimes many requests pile up. */
const [SOON_MS, SLOW_MS] = [30, 500];

/**
 * Groups requests of the same short interval, from all nodes, so that they reach the database
 * together. No simulated time passes while the database works. Without this class, no two
 * transactions would ever run concurrently.
 */
export class Rendezvous {
  readonly #world: World;
  #meeting: Promise<void> | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  arrive(): Promise<void> {
    const { random } = this.#world;
    this.#meeting ??= this.#world.delay(0, random.chance(0.1) ? SLOW_MS : SOON_MS).then(() => {
      this.#meeting = null;
    });
    return this.#meeting;
  }
}
