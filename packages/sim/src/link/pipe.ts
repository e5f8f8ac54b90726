import type { World } from "../world/world.ts";

/** One direction of a connection: in order, each thing after a delay of chance, until it is cut. */
export class Pipe {
  readonly #world: World;
  #lastMs = 0;
  #isCut = false;

  constructor(world: World) {
    this.#world = world;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** @param laterMs more than the network takes: what comes after it waits, too */
  carry(arrive: () => void, laterMs = 0): void {
    if (this.#isCut) return;
    const { timeline, random } = this.#world;
    const slow = random.chance(0.05) ? 1_500 : 40;
    // Never at the same time as what went before: what is due together comes in any order.
    const atMs = Math.max(this.#lastMs + 1, timeline.nowMs + random.between(1, slow)) + laterMs;
    this.#lastMs = atMs;
    timeline.after(atMs - timeline.nowMs, () => this.#isCut || arrive());
  }

  /** What is on its way is lost, and nobody is told. */
  cut(): void {
    this.#isCut = true;
  }
}
