import type { CommandRef } from "@halligan/agent/simulation";
import type { CommandWatcher } from "../device/sim-runner.ts";
import { short } from "../link/describe-frame.ts";
import type { World } from "../world/world.ts";
import type { GrantedStarts, WatchedDevice } from "./granted-starts.ts";
import type { RetiredMachines } from "./retired-machines.ts";

const keyOf = ({ actionId, index }: Pick<CommandRef, "actionId" | "index">): string => `${actionId} ${index}`;

/**
 * Records what an outside observer could see on the devices: each start of a command, on every
 * device with the machine's key.
 */
export class CommandOracle {
  readonly #world: World;
  readonly #retired: RetiredMachines;
  readonly #starts: GrantedStarts;
  readonly #scripts = new Map<string, string>();
  readonly #completed = new Set<string>();
  readonly #begunAtMs = new Map<string, number>();
  /**
   * Index of the last failed command, by device and action. If two devices have the same key, each
   * continues by its own journal.
   */
  readonly #failed = new Map<string, number>();

  constructor(world: World, retired: RetiredMachines, starts: GrantedStarts) {
    this.#world = world;
    this.#starts = starts;
    this.#retired = retired;
  }

  watcher(device: WatchedDevice): CommandWatcher {
    const { name: deviceName } = device;
    return {
      begins: (command, type) => this.#begins(device, command, type),
      ended: (command, outcome) => {
        this.#world.trace.note(deviceName, `${describe(command)} is over: ${outcome}`);
        if (outcome === "completed") this.#completed.add(keyOf(command));
        else this.#failed.set(`${deviceName} ${command.actionId}`, command.index);
      },
    };
  }

  begunAtMs(command: Pick<CommandRef, "actionId" | "index">): number | undefined {
    return this.#begunAtMs.get(keyOf(command));
  }

  hasCompleted(command: Pick<CommandRef, "actionId" | "index">): boolean {
    return this.#completed.has(keyOf(command));
  }

  #begins(device: WatchedDevice, command: CommandRef, type: "RunScript" | "GetFile" | "PutFile"): void {
    const { name: deviceName } = device;
    this.#world.trace.note(deviceName, `${describe(command)} begins: ${type}`);
    this.#begunAtMs.set(keyOf(command), this.#begunAtMs.get(keyOf(command)) ?? this.#world.timeline.nowMs);
    this.#checkTurn(deviceName, command);
    if (type !== "RunScript") return;
    this.#retired.scriptBegins(deviceName, command);
    this.#starts.scriptBegins(device, command);
    const first = this.#scripts.get(keyOf(command));
    if (first !== undefined) {
      this.#world.violated("neverTwice", `${describe(command)} was started on ${first} and again on ${deviceName}`);
    }
    this.#scripts.set(keyOf(command), deviceName);
  }

  #checkTurn(deviceName: string, { actionId, index }: CommandRef): void {
    const byDevice = `${deviceName} ${actionId}`;
    const failed = this.#failed.get(byDevice);
    if (failed !== undefined && index > failed) {
      this.#world.violated("commandsInOrder", `command ${index} of ${actionId} begins after ${failed} has failed`);
    }
    // If a crash lost the journal record of a transfer's end, the agent repeats the transfer.
    if (failed === index) this.#failed.delete(byDevice);
    for (let earlier = 0; earlier < index; earlier += 1) {
      if (this.#completed.has(keyOf({ actionId, index: earlier }))) continue;
      this.#world.violated("commandsInOrder", `command ${index} of ${actionId} begins before ${earlier} has completed`);
    }
  }
}

const describe = ({ actionId, index }: CommandRef): string => `command ${index} of action ${short(actionId)}`;
