import type { Order } from "@halligan/protocol/link";

/**
 * The reports that the newest order of a connection makes due: a start and an end of each command,
 * and its close. The server asked for them, and the rate of orders is bounded where callers start
 * actions, so they cost no handling units (`frames/frame-rate.ts`). Without this, a device that
 * runs one short action after another had to pause after 55 actions in a second.
 */
export class DueReports {
  #orderSeq = 0;
  #count = 0;

  /** An order that is sent again makes nothing more due. */
  ordered({ orderSeq, commands }: Pick<Order, "orderSeq" | "commands">): void {
    if (orderSeq === this.#orderSeq) return;
    this.#orderSeq = orderSeq;
    this.#count = 2 * commands.length + 1;
  }

  /** Whether the report is due. It is then due no longer. */
  take(orderSeq: number): boolean {
    if (orderSeq !== this.#orderSeq || this.#count === 0) return false;
    this.#count -= 1;
    return true;
  }
}
