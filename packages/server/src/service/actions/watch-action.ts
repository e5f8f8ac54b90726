import type { Caller } from "../../auth/caller.ts";
import type { TransferProgress } from "../../bus/bus.ts";
import { isFinal, type MachineAction } from "../../domain/actions/machine-action.ts";
import type { DomainError } from "../../domain/errors.ts";
import { ok, type Result, refuse } from "../../domain/result.ts";
import type { ServiceContext } from "../context.ts";
import { reachableAction } from "../reach.ts";

export interface WatchOptions {
  /** A hint may be lost: the store is read this often whatever the bus says. */
  rereadIntervalMs: number;
  /** Asked as often, because a watch outlasts the look at its caller's token: when it says no, the watch is over. */
  isStillAdmitted: () => Promise<boolean>;
}

/**
 * What a watcher is told next.
 * action:    the action as it is now; never one that it was told before.
 * transfers: how far files are, each the newest value.
 * quiet:     nothing for the time that the watcher wanted to wait.
 * over:      the watcher has gone, or may not see the action any more, or has seen its final state.
 */
export type WatchStep =
  | { kind: "action"; action: MachineAction }
  | { kind: "transfers"; transfers: readonly TransferProgress[] }
  | { kind: "quiet" }
  | { kind: "over" };

/** Looks at the store that one watcher makes because of hints from other nodes. */
const REMOTE_HINT_INTERVAL_MS = 50;

/** Less than what honest nodes leave between two of them: `bus/progress-throttle.ts`. */
const TRANSFERS_INTERVAL_MS = 50;

type Watched = Pick<ServiceContext, "store" | "bus" | "clock">;

/**
 * An action as it changes, for one watcher who asks for one step after another. It is told states, not events: what happens between
 * two questions becomes one answer, so a slow watcher costs no memory and misses nothing that still holds.
 */
export class ActionWatch implements Disposable {
  readonly #context: Watched;
  readonly #caller: Caller;
  readonly #actionId: string;
  readonly #options: WatchOptions;
  readonly #unsubscribe: () => void;
  readonly #transfers = new Map<number, TransferProgress>();
  #isHinted = false;
  #transfersToldAtMs = Number.NEGATIVE_INFINITY;
  #remoteHintAtMs = Number.NEGATIVE_INFINITY;
  #cancelHint: (() => void) | null = null;
  #wake: () => void = () => undefined;
  #rereadAtMs: number;
  /** Read and not told yet. */
  #news: MachineAction | null = null;
  #known: MachineAction | null = null;

  private constructor(context: Watched, caller: Caller, actionId: string, options: WatchOptions) {
    this.#context = context;
    this.#caller = caller;
    this.#actionId = actionId;
    this.#options = options;
    this.#rereadAtMs = context.clock.monotonicMs() + options.rereadIntervalMs;
    this.#unsubscribe = context.bus.onActionChange(actionId, {
      changed: (isRemote) => this.#hinted(isRemote),
      transferred: (progress) => {
        // The bus may carry what a stranger said; only commands that there are can pile up.
        if (progress.index >= (this.#known?.commands.length ?? 0)) return;
        this.#transfers.set(progress.index, progress);
        this.#wake();
      },
    });
  }

  /** `GET /halligan/v1/actions/{id}/events`. The first step is the action as it is. */
  static async open(
    context: Watched,
    caller: Caller,
    actionId: string,
    options: WatchOptions,
  ): Promise<Result<ActionWatch, DomainError>> {
    // Subscribed before the first look, so that no change falls between the two.
    const watch = new ActionWatch(context, caller, actionId.toLowerCase(), options);
    try {
      if (await watch.#read()) return ok(watch);
    } catch (error) {
      watch[Symbol.dispose]();
      throw error;
    }
    watch[Symbol.dispose]();
    return refuse({ code: "MachineActionNotFound", actionId });
  }

  /** Waits `quietAfterMs` at most. */
  async next(quietAfterMs: number, signal: AbortSignal): Promise<WatchStep> {
    const { clock } = this.#context;
    const quietAtMs = clock.monotonicMs() + quietAfterMs;
    for (;;) {
      if (signal.aborted) return { kind: "over" };
      if (!(await this.#refresh())) return { kind: "over" };
      const nowMs = clock.monotonicMs();
      const told = this.#told(nowMs);
      if (told) return told;
      if (nowMs >= quietAtMs) return { kind: "quiet" };
      const transfersAtMs = this.#transfers.size > 0 ? this.#transfersToldAtMs + TRANSFERS_INTERVAL_MS : quietAtMs;
      await this.#hint(Math.min(quietAtMs, this.#rereadAtMs, transfersAtMs) - nowMs, signal);
    }
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    this.#cancelHint?.();
  }

  /** Each is a look at the store, and other clients of the bus may send any number: those of an interval become one. */
  #hinted(isRemote: boolean): void {
    const { clock } = this.#context;
    const waitMs = this.#remoteHintAtMs + REMOTE_HINT_INTERVAL_MS - clock.monotonicMs();
    if (isRemote && waitMs > 0) {
      this.#cancelHint ??= clock.after(waitMs, () => this.#hinted(true));
      return;
    }
    this.#cancelHint?.();
    this.#cancelHint = null;
    if (isRemote) this.#remoteHintAtMs = clock.monotonicMs();
    this.#isHinted = true;
    this.#wake();
  }

  #told(nowMs: number): WatchStep | null {
    if (this.#news) {
      const action = this.#news;
      this.#news = null;
      return { kind: "action", action };
    }
    if (this.#known && isFinal(this.#known.status)) return { kind: "over" };
    if (this.#transfers.size === 0 || nowMs - this.#transfersToldAtMs < TRANSFERS_INTERVAL_MS) return null;
    this.#transfersToldAtMs = nowMs;
    const transfers = [...this.#transfers.values()];
    this.#transfers.clear();
    return { kind: "transfers", transfers };
  }

  /** Reads the store when there is a reason to; false when the watch is over. */
  async #refresh(): Promise<boolean> {
    const nowMs = this.#context.clock.monotonicMs();
    const isDue = nowMs >= this.#rereadAtMs;
    if (!isDue && !this.#isHinted) return true;
    this.#rereadAtMs = nowMs + this.#options.rereadIntervalMs;
    // Before the look: a hint that comes during it is about something newer.
    this.#isHinted = false;
    if (isDue && !(await this.#options.isStillAdmitted())) return false;
    return this.#read();
  }

  /** False when there is no such action, or the caller does not reach it. */
  async #read(): Promise<boolean> {
    const action = await this.#context.store.read((tx) => reachableAction(tx, this.#caller, this.#actionId));
    if (!action) return false;
    if (action.version !== this.#known?.version) this.#news = action;
    this.#known = action;
    return true;
  }

  #hint(withinMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isHinted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      cancelTimer();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancelTimer = this.#context.clock.after(withinMs, done);
    signal.addEventListener("abort", done, { once: true });
    this.#wake = done;
    return promise;
  }
}
