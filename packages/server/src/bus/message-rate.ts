/** What honest nodes send is far below: a wake-up for each action that another node accepts, and few changes that are watched. */
export const MESSAGES_PER_SECOND = 5_000;
const WINDOW_MS = 1_000;

/** Says when more messages come from the bus than a node may spend its time on. */
export class MessageRate {
  readonly #messagesPerSecond: number;
  readonly #monotonicMs: () => number;
  #windowBeganMs = Number.NEGATIVE_INFINITY;
  #messages = 0;

  constructor(messagesPerSecond: number, monotonicMs: () => number) {
    this.#messagesPerSecond = messagesPerSecond;
    this.#monotonicMs = monotonicMs;
  }

  /** True when this message is the first one too many of its second. */
  exceeds(): boolean {
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#windowBeganMs >= WINDOW_MS) {
      this.#windowBeganMs = nowMs;
      this.#messages = 0;
    }
    this.#messages += 1;
    return this.#messages === this.#messagesPerSecond + 1;
  }
}
