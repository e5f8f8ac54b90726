import type { CommandRef } from "@halligan/agent/simulation";
import { short } from "../link/describe-frame.ts";
import type { World } from "../world/world.ts";

/** The bound of the agent (`limits.ts`), plus the delay of the network. */
const MAX_GRANT_AGE_MS = 10_000 + 2_000;

const keyOf = ({ actionId, index }: Pick<CommandRef, "actionId" | "index">): string => `${actionId} ${index}`;

/**
 * Compares each start on a device with the grants that the server sent. A proxy cannot forge these.
 */
export class GrantedStarts {
  readonly #world: World;
  /** When the server sent the last grant of a command. */
  readonly #sentAtMs = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  granted(command: Pick<CommandRef, "actionId" | "index">): void {
    this.#sentAtMs.set(keyOf(command), this.#world.timeline.nowMs);
  }

  wasGranted(command: Pick<CommandRef, "actionId" | "index">): boolean {
    return this.#sentAtMs.has(keyOf(command));
  }

  scriptBegins(deviceName: string, command: CommandRef): void {
    const sentAtMs = this.#sentAtMs.get(keyOf(command));
    if (sentAtMs !== undefined && this.#world.timeline.nowMs - sentAtMs <= MAX_GRANT_AGE_MS) return;
    const what = `command ${command.index} of action ${short(command.actionId)}`;
    const grant =
      sentAtMs === undefined ? "without a grant" : `by a grant of ${this.#world.timeline.nowMs - sentAtMs} ms before`;
    this.#world.violated("startsAreGranted", `${what} begins on ${deviceName} ${grant}`);
  }
}
