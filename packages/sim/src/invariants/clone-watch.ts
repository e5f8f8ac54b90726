import type { Hello } from "@halligan/protocol/link";
import type { World } from "../world/world.ts";

const numberOf = (value: string): number => Number(value.split(".", 1)[0]);

interface Offer {
  deviceName: string;
  /** How many copies of the machine existed then. A later copy can have the value too. */
  copies: number;
}

interface Machine {
  copies: number;
  /** The newest value that a device holds according to the store. */
  held: { number: number; text: string } | null;
  /** The only device with the newest value, and its journal; null while that is unknown. */
  only: { deviceName: string; journalId: string } | null;
  /** Values with a lower number belong to earlier journals. */
  lowest: number;
  /** The journal id of the last answered hello. */
  journalId: string | null;
  /** The process ids of answered hellos, in order. */
  processIds: string[];
}

/**
 * Checks which devices of a machine the server answers. The checker knows the identity of each
 * device, which the server cannot know. Once a device has confirmed its own value, the next hello
 * of any other device proves a copy, and the server must not answer it.
 */
export class CloneWatch {
  readonly #world: World;
  readonly #machines = new Map<string, Machine>();
  readonly #offers = new Map<string, Offer>();

  constructor(world: World) {
    this.#world = world;
  }

  /** From now on, another device can have the same state as the device of this machine. */
  copied(machineId: string): void {
    const machine = this.#of(machineId);
    machine.copies += 1;
    machine.only = null;
  }

  /** The store was restored to an earlier state. */
  restored(): void {
    for (const machine of this.#machines.values()) {
      machine.held = null;
      machine.only = null;
      machine.lowest = 0;
      machine.processIds = [];
    }
  }

  /** A commit recorded that the machine's device holds this value. */
  held(machineId: string, text: string, journalId: string | null): void {
    const machine = this.#of(machineId);
    const number = numberOf(text);
    const before = machine.held;
    if (before && (number < before.number || (number === before.number && text !== before.text))) {
      this.#seen(`a value ${number} was accepted although the device has ${before.number}`);
    }
    machine.held = { number, text };
    const offer = this.#offers.get(text);
    if (offer?.copies === machine.copies && journalId !== null) {
      machine.only = { deviceName: offer.deviceName, journalId };
    }
  }

  helloAnswered(device: { name: string; machineId: string }, hello: Hello, offered: string | undefined): void {
    const machine = this.#of(device.machineId);
    const { continuity, journalId } = hello;
    // Link version 1 has neither of the two.
    if (!continuity && offered === undefined) return;
    if (!continuity || offered === undefined) {
      this.#seen(`${device.name} and the server speak of different link versions`);
      return;
    }
    const { only } = machine;
    if (only && only.deviceName !== device.name) {
      if (continuity.rollingValue !== null || only.journalId === journalId) {
        this.#seen(`${device.name} was answered although ${only.deviceName} alone has the newest value`);
      }
    }
    const presented = continuity.rollingValue;
    if (presented !== null && numberOf(presented) < machine.lowest) {
      this.#seen(`${device.name} was answered with a value of a journal that was given up`);
    }
    // A hello with a new journal and no value can come from the same device after a wipe. From then
    // on, no earlier value may be accepted.
    if (presented === null && journalId !== machine.journalId) {
      machine.lowest = numberOf(offered);
      machine.only = null;
    }
    machine.journalId = journalId;
    const { processIds } = machine;
    const at = processIds.indexOf(continuity.processId);
    if (at === -1) processIds.push(continuity.processId);
    else if (at !== processIds.length - 1) this.#seen(`a process of ${device.name} was answered after another one`);
    this.#offers.set(offered, { deviceName: device.name, copies: machine.copies });
  }

  /** `offered`: the value offered on the same connection. */
  startGranted(device: { name: string; machineId: string }, offered: string | null): void {
    const { held } = this.#of(device.machineId);
    if (offered !== null && held?.text === offered) return;
    this.#seen(`${device.name} was granted a start before it had confirmed its value`);
  }

  #seen(detail: string): void {
    this.#world.violated("clonesAreFound", detail);
  }

  #of(machineId: string): Machine {
    const known = this.#machines.get(machineId);
    if (known) return known;
    const machine: Machine = { copies: 0, held: null, only: null, lowest: 0, journalId: null, processIds: [] };
    this.#machines.set(machineId, machine);
    return machine;
  }
}
