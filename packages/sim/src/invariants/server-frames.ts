import { parseServerFrame } from "@halligan/protocol/link";
import type { Device, SaidOnLink } from "../device/device.ts";
import { orderOf, short } from "../link/describe-frame.ts";
import type { SimDatabase } from "../server/sim-database.ts";
import type { World } from "../world/world.ts";
import { isFinalStatus } from "./action-ledger.ts";
import type { CloneWatch } from "./clone-watch.ts";
import type { GrantedStarts } from "./granted-starts.ts";
import { storedCommands } from "./stored-commands.ts";
import type { WaitingReasons } from "./waiting-reasons.ts";

const LOOKED_AT = ["order", "ack", "helloAnswer", "startGranted"];

/** Checks each frame of the server when it is sent. */
export class ServerFrames {
  readonly #world: World;
  readonly #database: SimDatabase;
  readonly #clones: CloneWatch;
  readonly #starts: GrantedStarts;
  readonly #reasons: WaitingReasons;

  constructor(world: World, database: SimDatabase, clones: CloneWatch, starts: GrantedStarts, reasons: WaitingReasons) {
    this.#reasons = reasons;
    this.#starts = starts;
    this.#world = world;
    this.#database = database;
    this.#clones = clones;
  }

  sent(device: Device, text: string, said: SaidOnLink): void {
    if (!LOOKED_AT.some((type) => text.startsWith(`{"type":"${type}"`))) return;
    const frame = parseServerFrame(text);
    if (frame?.type === "ack") this.#checkAck(frame.actionId, frame.index);
    if (frame?.type === "helloAnswer" && said.hello) {
      this.#clones.helloAnswered(device, said.hello, frame.rollingValue);
      said.offered = frame.rollingValue ?? null;
    }
    if (frame?.type === "helloAnswer") this.#reasons.helloAnswered(device, said.link);
    if (frame?.type === "startGranted") {
      this.#starts.granted(frame);
      if (said.hello?.continuity) this.#clones.startGranted(device, said.offered);
      this.#checkQuarantine(device, "a grant");
    }
    const order = frame && orderOf(frame);
    if (order) this.#checkOrder(device, order.actionId);
  }

  /**
   * An agent deletes what is acknowledged, so the end must be durable before. An action that was
   * given up needs no result.
   */
  #checkAck(actionId: string, index: number): void {
    const row = this.#database.action(actionId);
    const commands = row ? storedCommands(row) : [];
    if (hasEnded(commands[index]?.status)) return;
    const wasGivenUp = this.#world.wasRestored || commands.slice(0, index).some(({ status }) => status === "Failed");
    if (row && isFinalStatus(row.status) && wasGivenUp) return;
    this.#world.violated("resultsStay", `the end of command ${index} of ${actionId} was acknowledged but not recorded`);
  }

  #checkOrder(device: Device, actionId: string): void {
    const other = device.processes.living.find((process) => process.actionId !== actionId);
    // A server that has forgotten an order cannot wait for it. The device then refuses the new
    // order as busy.
    if (other && !this.#world.wasRestored) {
      const [sent, runs] = [short(actionId), short(other.actionId)];
      this.#world.violated("oneOrderAtATime", `${device.name} is sent action ${sent} while a script of ${runs} runs`);
    }
    this.#checkQuarantine(device, "an order");
  }

  #checkQuarantine(device: Device, what: string): void {
    if (!this.#database.isQuarantined(device.machineId)) return;
    this.#world.violated("quarantineHolds", `${device.name} is sent ${what} although it is in quarantine`);
  }
}

const hasEnded = (status: string | undefined): boolean => status === "Completed" || status === "Failed";
