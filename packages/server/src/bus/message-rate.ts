/** What honest nodes send is far below: a wake-up for each action that another node accepts, and few changes that are watched. */
export const MESSAGES_PER_SECOND = 5_000;

interface Window {
  readonly lengthMs: number;
  /** Of a second's messages. */
  readonly share: number;
}

/**
 * A flood reaches the limit of the short window before it has cost much. Half of a second's messages in it are what a node hears at once
 * that was busy for more than a second while others sent it 2,000 in each.
 */
const WINDOWS: readonly Window[] = [
  { lengthMs: 100, share: 0.5 },
  { lengthMs: 1_000, share: 1 },
];

/** Says when more messages come from the bus than a node may spend its time on. */
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

  /** True when this message is one too many; counting begins anew then. */
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
