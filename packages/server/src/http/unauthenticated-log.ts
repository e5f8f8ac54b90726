import type { Logger } from "pino";
import { RateTable } from "../auth/rate-table.ts";
import { addressKey } from "../domain/address-key.ts";

/** Addresses whose dropped lines are told apart; those of the others are told together. */
const MAX_ADDRESSES = 1_000;

/** Bounds the log lines that one address causes without authentication, and says how many it dropped. */
export class UnauthenticatedLog {
  readonly #lines: RateTable;
  readonly #log: Logger;
  #dropped = new Map<string, number>();

  constructor(linesPerMinute: number, monotonicMs: () => number, log: Logger) {
    this.#lines = new RateTable({ perMinute: linesPerMinute, burst: linesPerMinute }, monotonicMs);
    this.#log = log;
  }

  /** Whether a line may be written; one that may not is counted. */
  admits(address: string): boolean {
    const key = addressKey(address);
    if (this.#lines.take(key) === null) return true;
    const counted = this.#dropped.has(key) || this.#dropped.size < MAX_ADDRESSES ? key : "others";
    this.#dropped.set(counted, (this.#dropped.get(counted) ?? 0) + 1);
    return false;
  }

  /** Writes how many lines of each address were dropped since the last call. */
  report(): void {
    const dropped = this.#dropped;
    this.#dropped = new Map();
    for (const [remoteAddress, lines] of dropped) {
      this.#log.warn({ remoteAddress, lines }, "log lines of unauthenticated requests dropped");
    }
  }
}
