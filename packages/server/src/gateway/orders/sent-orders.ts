import type { HelloAnswer } from "@halligan/protocol/link";
import type { SentOrder } from "../../service/agents/connection/record-disconnect.ts";

/** Remembers what was sent on one connection and need not be repeated on it. */
export class SentOrders {
  readonly #orders = new Set<number>();
  readonly #ends = new Set<number>();
  /**
   * One order is out at a time. An order that is sent again on this connection keeps its first
   * time.
   */
  #last: SentOrder | null = null;

  get last(): SentOrder | null {
    return this.#last;
  }

  /** When the order was sent on this connection; null if it was not. */
  atMs(orderSeq: number): number | null {
    return this.#last?.orderSeq === orderSeq ? this.#last.atMs : null;
  }

  /**
   * The orders that the device holds were sent to it before. The answer to its hello includes the
   * ends.
   */
  answered(verdicts: HelloAnswer["orders"]): void {
    for (const { orderSeq, verdict } of verdicts) {
      if (verdict === "end") this.#ends.add(orderSeq);
      this.#orders.add(orderSeq);
    }
  }

  /** False when it was sent before. */
  addEnd(orderSeq: number): boolean {
    if (this.#ends.has(orderSeq)) return false;
    this.#ends.add(orderSeq);
    return true;
  }

  /** False when it was sent before. */
  addOrder(orderSeq: number): boolean {
    if (this.#orders.has(orderSeq)) return false;
    this.#orders.add(orderSeq);
    return true;
  }

  sentOrder(orderSeq: number, atMs: number): void {
    if (this.#last?.orderSeq !== orderSeq) this.#last = { orderSeq, atMs };
  }

  /** Everything may be sent again. */
  repeat(): void {
    this.#orders.clear();
    this.#ends.clear();
  }
}
