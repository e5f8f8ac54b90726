import type { Hello } from "@halligan/protocol/link";
import type { World } from "../world/world.ts";

const numberOf = (value: string): number => Number(value.split(".", 1)[0]);

interface Offer {
  deviceName: string;
  /** How often the machine had been copied by then: a copy that was made later may have the value too. */
  copies: number;
}

interface Machine {
  copies: number;
  /** The newest value that the store has as held. */
  held: { number: number; text: string } | null;
  /** The device that alone has the newest value, and its journal; null while that is not known. */
  only: { deviceName: string; journalId: string } | null;
  /** Values under a lower number are of journals before the present one. */
  lowest: number;
  /** Of the last answered hello. */
  journalId: string | null;
  /** Of answered hellos, in their order. */
  processIds: string[];
}

/**
 * What a device and its copies may be answered, judged by who they are, which the server cannot know: once one of them has
 * confirmed a value of its own, the next hello of any other one is the proof, and is never answered.
 */
export class CloneWatch {
  readonly #world: World;
  readonly #machines = new Map<string, Machine>();
  readonly #offers = new Map<string, Offer>();

  constructor(world: World) {
    this.#world = world;
  }

  /** From now on another device may have what this machine's device has. */
  copied(machineId: string): void {
    const machine = this.#of(machineId);
    machine.copies += 1;
    machine.only = null;
  }

  /** The store is an earlier one. */
  restored(): void {
    for (const machine of this.#machines.values()) {
      machine.held = null;
      machine.only = null;
      machine.lowest = 0;
      machine.processIds = [];
    }
  }

  /** A commit says that the machine's device has this value. */
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
    // Link version 1 has neither.
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
    // With a new journal and no value it may be the same device, wiped. Then nothing of before is accepted again.
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

  /** `offered`: on the same link. */
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
