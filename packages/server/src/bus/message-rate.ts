/**
 * Honest nodes send far less than this: a wake-up for each action that another node accepts, and
 * few watched changes.
 */
export const MESSAGES_PER_SECOND = 5_000;

interface Window {
  readonly lengthMs: number;
  /** The share of one second's messages. */
  readonly share: number;
}

/**
 * A flood reaches the limit of the short window early. Half of one second's messages are allowed in
 * it, because a node that was busy for more than a second receives at once what others sent
 * meanwhile, 2,000 in each second.
 */
const WINDOWS: readonly Window[] = [
  { lengthMs: 100, share: 0.5 },
  { lengthMs: 1_000, share: 1 },
];

/** Detects that more messages come from the bus than a node may spend its time on. */
export class MessageRate {
  readonly #monotonicMs: () => number;
  readonly #counts: { readonly lengthMs: number; readonly limit: number; beganMs: number; messages: number }[];

  constructor(messagesPerSecond: number, monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#counts = WINDOWS.map(({ lengthMs, share }) => ({
      lengthMs,
      limit: Math.max(1, Math.floor(messagesPerSecond * share)),
      beganMs: Number.NEGATIVE_INFINITY,
      messages: 0,
    }));
  }

  /** True when this message exceeds the limit; the count is then reset. */
  exceeds(): boolean {
    const nowMs = this.#monotonicMs();
    let isTooMany = false;
    for (const count of this.#counts) {
      if (nowMs - count.beganMs >= count.lengthMs) {
        count.beganMs = nowMs;
        count.messages = 0;
      }
      count.messages += 1;
      if (count.messages > count.limit) isTooMany = true;
    }
    if (isTooMany) for (const count of this.#counts) count.beganMs = Number.NEGATIVE_INFINITY;
    return isTooMany;
  }
}
