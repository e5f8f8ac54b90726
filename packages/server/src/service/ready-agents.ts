import type { Order } from "@halligan/protocol/link";

/** A connected device of this node that accepts orders. */
export interface ReadyAgent {
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
