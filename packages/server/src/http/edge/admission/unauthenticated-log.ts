import type { Logger } from "pino";
import { RateTable } from "../../../auth/failures/rate-table.ts";
import { addressKey } from "../../../network/address-key.ts";

/**
 * Addresses and machines whose dropped lines are counted apart. Those of the others are counted
 * together.
 */
const MAX_SUBJECTS = 1_000;
const OTHERS = "others";

/**
 * Bounds the log lines that one address causes without authentication, and those that one machine
 * causes, since a device is an attacker that has a ticket. Says how many it dropped.
 */
export class UnauthenticatedLog {
  readonly #lines: RateTable;
  readonly #log: Logger;
  #dropped = new Map<string, number>();
  #droppedOfMachines = new Map<string, number>();

  constructor(linesPerMinute: number, monotonicMs: () => number, log: Logger) {
    this.#lines = new RateTable({ perMinute: linesPerMinute, burst: linesPerMinute }, monotonicMs);
    this.#log = log;
  }

  /** Whether a line may be written; one that may not is counted. */
  admits(address: string): boolean {
    return this.#admits(addressKey(address), this.#dropped);
  }

  /** The same for a request with a machine's ticket. */
  admitsOfMachine(machineId: string): boolean {
    return this.#admits(machineId, this.#droppedOfMachines);
  }

  /** Writes how many lines of each address and machine were dropped since the last call. */
  report(): void {
    const [dropped, droppedOfMachines] = [this.#dropped, this.#droppedOfMachines];
    this.#dropped = new Map();
    this.#droppedOfMachines = new Map();
    for (const [remoteAddress, lines] of dropped) {
      this.#log.warn({ remoteAddress, lines }, "log lines of unauthenticated requests dropped");
    }
    for (const [machineId, lines] of droppedOfMachines) {
      this.#log.warn({ machineId, lines }, "log lines of a machine's requests dropped");
    }
  }

  #admits(key: string, dropped: Map<string, number>): boolean {
    if (this.#lines.take(key) === null) return true;
    const counted = dropped.has(key) || dropped.size < MAX_SUBJECTS ? key : OTHERS;
    dropped.set(counted, (dropped.get(counted) ?? 0) + 1);
    return false;
  }
}
