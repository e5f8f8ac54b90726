import type { World } from "../../world/world.ts";

/** Most of the time a request is there soon; now and then many pile up. */
const [SOON_MS, SLOW_MS] = [30, 500];

/**
 * Whatever asks the database within the same few moments comes to it together, from all nodes. No simulated time passes while the database
 * works: without this no two transactions would ever meet there.
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
