import type { World } from "../world/world.ts";

/**
 * One direction of a connection. It delivers in order, each message after a random delay, until it
 * is cut.
 */
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

  /** @param extraDelayMs extra delay; later messages wait, too */
  carry(arrive: () => void, extraDelayMs = 0): void {
    if (this.#isCut) return;
    const { timeline, random } = this.#world;
    const slow = random.chance(0.05) ? 1_500 : 40;
    // Later than the previous delivery, because events of the same time run in any order.
    const atMs = Math.max(this.#lastMs + 1, timeline.nowMs + random.between(1, slow)) + extraDelayMs;
    this.#lastMs = atMs;
    timeline.after(atMs - timeline.nowMs, () => this.#isCut || arrive());
  }

  /** Drops all messages in transit without a notification. */
  cut(): void {
    this.#isCut = true;
  }
}
