import { parseServerFrame } from "@halligan/protocol/link";
import type { Device } from "../device/device.ts";
import { orderOf, short } from "../link/describe-frame.ts";
import type { SimDatabase } from "../server/sim-database.ts";
import type { World } from "../world/world.ts";
import { isFinalStatus } from "./action-ledger.ts";
import { storedCommands } from "./stored-commands.ts";

/** Looks at what the server sends at the moment in which it sends it. */
export class ServerFrames {
  readonly #world: World;
  readonly #database: SimDatabase;

  constructor(world: World, database: SimDatabase) {
    this.#world = world;
    this.#database = database;
  }

  sent(device: Device, text: string): void {
    if (!text.startsWith('{"type":"order"') && !text.startsWith('{"type":"ack"')) return;
    const frame = parseServerFrame(text);
    if (frame?.type === "ack") this.#checkAck(frame.actionId, frame.index);
    const order = frame && orderOf(frame);
    if (order) this.#checkOrder(device, order.actionId);
  }

  /** An agent forgets what is acknowledged, so it has to be durable by then; but of an action that was given up nothing more is wanted. */
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
    // A server that has forgotten an order cannot wait for it; the device refuses as busy.
    if (other && !this.#world.wasRestored) {
      const [sent, runs] = [short(actionId), short(other.actionId)];
      this.#world.violated("oneOrderAtATime", `${device.name} is sent action ${sent} while a script of ${runs} runs`);
    }
    if (this.#database.isQuarantined(device.machineId)) {
      this.#world.violated("quarantineHolds", `${device.name} is sent an order although it is in quarantine`);
    }
  }
}

const hasEnded = (status: string | undefined): boolean => status === "Completed" || status === "Failed";
