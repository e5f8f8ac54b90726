import { type Bus, localBus } from "@halligan/server/simulation";
import type { World } from "../world/world.ts";

/** Longest delay of a hint that is not lost. */
const HINT_MS = 900;

type WakeListener = Parameters<Bus["onMachineWake"]>[0];
type TakenListener = Parameters<Bus["onConnectionAnnounced"]>[0];

/** One process on the bus. */
interface Member {
  local: Bus;
  wakeListeners: Set<WakeListener>;
  takenListeners: Set<TakenListener>;
}

/**
 * The messages between the nodes of a run. Each hint can be lost, and hints to another node are
 * delayed.
 */
export class NodeBuses {
  readonly #world: World;
  readonly #members = new Set<Member>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The bus of one process, until it leaves. */
  join(): { bus: Bus; leave: () => void } {
    const local = localBus(() => this.#world.timeline.nowMs);
    const member: Member = { local, wakeListeners: new Set(), takenListeners: new Set() };
    this.#members.add(member);
    const bus: Bus = {
      ...local,
      wakeMachine: (machineId) => {
        if (!this.#world.injectFault("wake-up lost", 0.1)) local.wakeMachine(machineId);
        this.#tellOthers(member, "wake-up between nodes lost", ({ wakeListeners }) => {
          for (const listener of wakeListeners) listener(machineId, true);
        });
      },
      onMachineWake: (listener) => {
        const stop = local.onMachineWake(listener);
        member.wakeListeners.add(listener);
        return () => {
          stop();
          member.wakeListeners.delete(listener);
        };
      },
      announceConnection: (link) =>
        this.#tellOthers(member, "hint of a taken link lost", ({ takenListeners }) => {
          for (const listener of takenListeners) listener(link);
        }),
      onConnectionAnnounced: (listener) => {
        member.takenListeners.add(listener);
        return () => void member.takenListeners.delete(listener);
      },
    };
    return { bus, leave: () => void this.#members.delete(member) };
  }

  #tellOthers(from: Member, loss: string, tell: (other: Member) => void): void {
    const { timeline, random } = this.#world;
    for (const other of this.#members) {
      if (other === from || this.#world.injectFault(loss, 0.15)) continue;
      timeline.after(random.between(1, HINT_MS), () => this.#members.has(other) && tell(other));
    }
  }
}
