import type { ServiceContext } from "../context.ts";

/**
 * How often one download reads the store because of hints, because other clients of the bus can
 * send any number of them.
 */
const HINT_INTERVAL_MS = 50;

type Watched = Pick<ServiceContext, "bus" | "clock" | "log">;

/**
 * Checks whether a running download is still allowed: when its action changes, and at intervals,
 * because a hint may be lost. `signal` is aborted when the download is no longer allowed.
 */
export class DownloadWatch implements Disposable {
  readonly #context: Watched;
  readonly #isAllowed: () => Promise<boolean>;
  readonly #intervalMs: number;
  readonly #withdrawn = new AbortController();
  readonly #unsubscribe: () => void;
  #cancel: () => void;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #isHinted = false;
  #isOver = false;

  /** `intervalMs`: the longest time between two checks. */
  constructor(context: Watched, actionId: string, intervalMs: number, isAllowed: () => Promise<boolean>) {
    this.#context = context;
    this.#isAllowed = isAllowed;
    this.#intervalMs = intervalMs;
    this.#cancel = context.clock.after(intervalMs, () => void this.#look());
    this.#unsubscribe = context.bus.onActionChange(actionId, {
      changed: () => this.#hinted(),
      transferred: () => undefined,
    });
  }

  get signal(): AbortSignal {
    return this.#withdrawn.signal;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#cancel();
    this.#unsubscribe();
  }

  #hinted(): void {
    if (this.#isHinted || this.#isOver) return;
    this.#isHinted = true;
    const { clock } = this.#context;
    const waitMs = this.#lookedAtMs + HINT_INTERVAL_MS - clock.monotonicMs();
    if (this.#isLooking) return;
    if (waitMs <= 0) void this.#look();
    else this.#next(waitMs);
  }

  #next(delayMs: number): void {
    this.#cancel();
    this.#cancel = this.#context.clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#context;
    if (this.#isLooking || this.#isOver) return;
    this.#isLooking = true;
    // Cleared before the read, because a hint that arrives during the read is about a newer state.
    this.#isHinted = false;
    this.#lookedAtMs = clock.monotonicMs();
    try {
      if (!(await this.#isAllowed())) this.#withdrawn.abort();
    } catch (err) {
      // The store is unavailable, so the download continues until the store answers again.
      log.warn({ err }, "checking whether a running download is allowed failed");
    }
    this.#isLooking = false;
    if (this.#isOver || this.signal.aborted) return;
    this.#next(this.#isHinted ? HINT_INTERVAL_MS : this.#intervalMs);
  }
}
