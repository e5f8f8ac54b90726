import type { Order } from "@halligan/protocol/link";
import type { MonotonicClock } from "@halligan/protocol/time";
import { OutputFeeds } from "./output/output-feeds.ts";
import type { OutputSource } from "./output/output-source.ts";

/** A connected device of this node that accepts orders. */
export interface ReadyAgent extends OutputSource {
  readonly connectionEpoch: number;
  /**
   * Sends an order that was claimed for this connection. Does nothing if the connection has closed
   * meanwhile. The order is then sent again on the machine's next connection.
   */
  sendOrder(order: Order): void;
}

/**
 * The connected devices of this node. A use case that accepts an action for one of them claims the
 * action's order in the same commit.
 */
export class ReadyAgents {
  readonly #byMachine = new Map<string, ReadyAgent>();

  of(machineId: string): ReadyAgent | undefined {
    return this.#byMachine.get(machineId);
  }

  add(machineId: string, agent: ReadyAgent): void {
    this.#byMachine.set(machineId, agent);
  }

  /** Keeps the entry if a newer connection of the machine has replaced `agent`. */
  remove(machineId: string, agent: ReadyAgent): void {
    if (this.#byMachine.get(machineId) === agent) this.#byMachine.delete(machineId);
  }
}

/** `elsewhere`: output of machines that are connected to another node. */
export function agentsOfNode(
  clock: MonotonicClock,
  elsewhere: OutputSource | null = null,
): { readyAgents: ReadyAgents; outputFeeds: OutputFeeds } {
  const readyAgents = new ReadyAgents();
  const outputFeeds = new OutputFeeds(clock, (machineId) => readyAgents.of(machineId) ?? elsewhere);
  return { readyAgents, outputFeeds };
}
