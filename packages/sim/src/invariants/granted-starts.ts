import type { CommandRef } from "@halligan/agent/simulation";
import { SEALED_SINCE_VERSION } from "@halligan/protocol/link";
import { short } from "../link/describe-frame.ts";
import type { World } from "../world/world.ts";

/** The bound of the agent (`limits.ts`), plus the delay of the network. */
const MAX_GRANT_AGE_MS = 10_000 + 2_000;

/** A device, as an observer of its commands knows it. */
export interface WatchedDevice {
  readonly name: string;
  readonly linkVersion: number;
}

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

  scriptBegins({ name, linkVersion }: WatchedDevice, command: CommandRef): void {
    const sentAtMs = this.#sentAtMs.get(keyOf(command));
    const ageMs = sentAtMs === undefined ? null : this.#world.timeline.nowMs - sentAtMs;
    // A frame of link version 1 has no time, so its device measures the age from the moment at
    // which it handles the frame. A full disk delays that, because the journal is written in
    // between.
    const hasTime = linkVersion >= SEALED_SINCE_VERSION;
    if (ageMs !== null && (!hasTime || ageMs <= MAX_GRANT_AGE_MS)) return;
    const what = `command ${command.index} of action ${short(command.actionId)}`;
    const grant = ageMs === null ? "without a grant" : `by a grant of ${ageMs} ms before`;
    this.#world.violated("startsAreGranted", `${what} begins on ${name} ${grant}`);
  }
}
