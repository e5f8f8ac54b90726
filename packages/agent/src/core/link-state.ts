/** What the rest of the agent knows of the link: whether it is usable, the ticket for transfers, the server's time. */
import type { AgentFrame } from "@halligan/protocol/link";
import type { Clock } from "./ports.ts";

interface LiveLink {
  ticket: string;
  send(frame: AgentFrame): void;
}

export class LinkState {
  readonly #clock: Clock;
  #live: LiveLink | null = null;
  #downSinceMs: number;
  #serverTime: { serverTimeMs: number; atMs: number } | null = null;
  /** Waiters take themselves out: a link that lasts for months must not gather those of every transfer. */
  readonly #waiters = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#downSinceMs = clock.monotonicMs();
  }

  /** Called when the hello is answered, not before: nothing may start or travel earlier. */
  up(live: LiveLink): void {
    this.#live = live;
    this.#wake();
  }

  down(): void {
    if (!this.#live) return;
    this.#live = null;
    this.#downSinceMs = this.#clock.monotonicMs();
    this.#wake();
  }

  get isUp(): boolean {
    return this.#live !== null;
  }

  /** 0 while the link is up. */
  get downForMs(): number {
    return this.#live ? 0 : this.#clock.monotonicMs() - this.#downSinceMs;
  }

  /** Frames are not kept for a later link: what matters is in the journal and told again after the next hello. */
  send(frame: AgentFrame): void {
    this.#live?.send(frame);
  }

  setServerTime(serverTimeMs: number): void {
    this.#serverTime = { serverTimeMs, atMs: this.#clock.monotonicMs() };
  }

  /** Server's clock, counted on with the monotonic one. */
  serverNowMs(): number {
    if (!this.#serverTime) throw new Error("the server's time is not known before its welcome");
    return this.#serverTime.serverTimeMs + (this.#clock.monotonicMs() - this.#serverTime.atMs);
  }

  /**
   * A ticket of a usable link, other than `dead`; waits for one. A newer link's ticket is another one also when its text is the same: a
   * server that was restored from a backup counts its links anew.
   */
  async ticket(dead: string | null, signal: AbortSignal): Promise<string> {
    const before = this.#live;
    for (;;) {
      signal.throwIfAborted();
      if (this.#live && (this.#live !== before || this.#live.ticket !== dead)) return this.#live.ticket;
      await this.changed(signal);
    }
  }

  /** Resolves at the next change of anything here. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#waiters.delete(onChange);
        reject(signal.reason);
      };
      const onChange = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiters.add(onChange);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** For those who also wait on something that is not the link's, such as a verdict. */
  wake(): void {
    this.#wake();
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}
