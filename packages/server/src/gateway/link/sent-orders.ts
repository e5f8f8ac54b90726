import type { HelloAnswer } from "@halligan/protocol/link";
import type { SentOrder } from "../../service/agents/link-lifecycle.ts";

/** What was sent on one connection and needs no repeating on it. */
export class SentOrders {
  readonly #orders = new Set<number>();
  readonly #ends = new Set<number>();
  /** One order is out at a time. Sent again on this connection, it keeps its first moment. */
  #last: SentOrder | null = null;

  get last(): SentOrder | null {
    return this.#last;
  }

  /** The moment in which the order was sent on this connection; null when it was not. */
  atMs(orderSeq: number): number | null {
    return this.#last?.orderSeq === orderSeq ? this.#last.atMs : null;
  }

  /** What the device holds was sent to it before, and the answer to its hello sends the ends. */
  answered(verdicts: HelloAnswer["orders"]): void {
    for (const { orderSeq, verdict } of verdicts) {
      if (verdict === "end") this.#ends.add(orderSeq);
      this.#orders.add(orderSeq);
    }
  }

  /** False when it was sent already. */
  addEnd(orderSeq: number): boolean {
    if (this.#ends.has(orderSeq)) return false;
    this.#ends.add(orderSeq);
    return true;
  }

  /** False when it was sent already. */
  addOrder(orderSeq: number): boolean {
    if (this.#orders.has(orderSeq)) return false;
    this.#orders.add(orderSeq);
    return true;
  }

  sentOrder(orderSeq: number, atMs: number): void {
    if (this.#last?.orderSeq !== orderSeq) this.#last = { orderSeq, atMs };
  }

  /** Everything may be sent once more. */
  repeat(): void {
    this.#orders.clear();
    this.#ends.clear();
  }
}
