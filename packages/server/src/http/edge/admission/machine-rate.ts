import { RateTable } from "../../../auth/failures/rate-table.ts";
import { type ErrorResponse, tooManyRequests } from "../http-response.ts";

export interface MachineRequestRate {
  /** Requests of one machine in a minute. */
  readonly perMinute: number;
  /** How many of them may come at once. */
  readonly burst: number;
}

/**
 * An agent has one request at a time: 100 parts of 8 MiB in a second are more than a network of 6
 * Gbit/s carries. The burst is for many small results.
 */
export const MACHINE_REQUESTS: MachineRequestRate = { perMinute: 6_000, burst: 500 };

/**
 * Limits the rate of all requests of one machine's agent. Each request costs two reads of the store
 * and a file.
 */
export class MachineRate {
  readonly #rates: RateTable;

  constructor(rate: MachineRequestRate, monotonicMs: () => number) {
    this.#rates = new RateTable(rate, monotonicMs);
  }

  /** Null when the request may go on. */
  count(machineId: string): ErrorResponse | null {
    const waitMs = this.#rates.take(machineId);
    return waitMs === null ? null : tooManyRequests(waitMs / 1_000, "the machine sends too many requests.");
  }
}
