import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../../auth/caller.ts";
import type { TransferProgress } from "../../../bus/bus.ts";
import { isFinal } from "../../../domain/actions/machine-action.ts";
import type { Waiting } from "../../../domain/actions/progress/waiting-reason.ts";
import type { DomainError } from "../../../domain/errors.ts";
import type { ServiceContext } from "../../context.ts";
import { actionInScope } from "../../machine-scope.ts";
import { type ActionNow, withWaiting } from "./read-waiting.ts";

export interface WatchOptions {
  /** A hint may be lost, so the store is read at this interval in any case. */
  rereadIntervalMs: number;
  /**
   * Called at each interval, because a watch outlasts the check of its caller's token. The watch
   * ends when the result is false.
   */
  isStillAdmitted: () => Promise<boolean>;
}

/**
 * One step of a watch.
 * action:    the present state of the action, and what it waits for; never a state that the watcher
 *            has received before.
 * waiting:   the action waits for something else, and its own state is the same.
 * transfers: progress of file transfers, with the newest value of each.
 * quiet:     nothing happened for the time that the watcher wanted to wait.
 * over:      the watcher has gone, may no longer see the action, or has received its final state.
 */
export type WatchStep =
  | { kind: "action"; now: ActionNow }
  | { kind: "waiting"; waiting: Waiting | null }
  | { kind: "transfers"; transfers: readonly TransferProgress[] }
  | { kind: "quiet" }
  | { kind: "over" };

/** How often one watcher reads the store because of hints from other nodes. */
const REMOTE_HINT_INTERVAL_MS = 50;

/** Shorter than the interval at which honest nodes send them: `bus/progress-throttle.ts`. */
const TRANSFERS_INTERVAL_MS = 50;

type Watched = Pick<ServiceContext, "store" | "bus" | "clock" | "limits">;

/**
 * The states of an action for one watcher, who asks for one step after another. A step contains a
 * state, not an event: all changes between two steps are combined, so a slow watcher takes no
 * memory and misses nothing that still holds.
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
  /** Whether `#known` has a state of the action, or a reason, that was not passed on yet. */
  #isActionNew = false;
  #isWaitingNew = false;
  #known: ActionNow | null = null;

  private constructor(context: Watched, caller: Caller, actionId: string, options: WatchOptions) {
    this.#context = context;
    this.#caller = caller;
    this.#actionId = actionId;
    this.#options = options;
    this.#rereadAtMs = context.clock.monotonicMs() + options.rereadIntervalMs;
    this.#unsubscribe = context.bus.onActionChange(actionId, {
      changed: (isRemote) => this.#hinted(isRemote),
      transferred: (progress) => {
        // Any client of the bus can send messages, so only commands that exist are kept.
        if (progress.index >= (this.#known?.action.commands.length ?? 0)) return;
        this.#transfers.set(progress.index, progress);
        this.#wake();
      },
    });
  }

  /** `GET /halligan/v1/actions/{id}/events`. The first step is the present state of the action. */
  static async open(
    context: Watched,
    caller: Caller,
    actionId: string,
    options: WatchOptions,
  ): Promise<Result<ActionWatch, DomainError>> {
    // Subscribed before the first read, so that no change is missed between the two.
    const watch = new ActionWatch(context, caller, actionId.toLowerCase(), options);
    try {
      if (await watch.#read()) return ok(watch);
    } catch (error) {
      watch[Symbol.dispose]();
      throw error;
    }
    watch[Symbol.dispose]();
    return err({ code: "MachineActionNotFound", actionId });
  }

  /** Waits for at most `quietAfterMs`. */
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

  /**
   * Each hint causes a read of the store, and other clients of the bus can send any number. The
   * hints of one interval are combined into one read.
   */
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
    const now = this.#known;
    if (now && (this.#isActionNew || this.#isWaitingNew)) {
      const step: WatchStep = this.#isActionNew ? { kind: "action", now } : { kind: "waiting", waiting: now.waiting };
      this.#isActionNew = false;
      this.#isWaitingNew = false;
      return step;
    }
    if (now && isFinal(now.action.status)) return { kind: "over" };
    if (this.#transfers.size === 0 || nowMs - this.#transfersToldAtMs < TRANSFERS_INTERVAL_MS) return null;
    this.#transfersToldAtMs = nowMs;
    const transfers = [...this.#transfers.values()];
    this.#transfers.clear();
    return { kind: "transfers", transfers };
  }

  /** Reads the store if something may have changed; false when the watch is over. */
  async #refresh(): Promise<boolean> {
    const nowMs = this.#context.clock.monotonicMs();
    const isDue = nowMs >= this.#rereadAtMs;
    if (!isDue && !this.#isHinted) return true;
    this.#rereadAtMs = nowMs + this.#options.rereadIntervalMs;
    // Cleared before the read, because a hint that arrives during the read is about a newer state.
    this.#isHinted = false;
    if (isDue && !(await this.#options.isStillAdmitted())) return false;
    return this.#read();
  }

  /** False when there is no such action, or the caller may not see it. */
  async #read(): Promise<boolean> {
    const now = await this.#context.store.read(async (tx) => {
      const action = await actionInScope(tx, this.#caller, this.#actionId);
      return action && withWaiting(this.#context, tx, action);
    });
    if (!now) return false;
    const known = this.#known;
    if (now.action.version !== known?.action.version) this.#isActionNew = true;
    // Flat objects that are made by one function, so their keys have one order.
    if (JSON.stringify(now.waiting) !== JSON.stringify(known?.waiting)) this.#isWaitingNew = true;
    this.#known = now;
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
