import type { MachineAction } from "../../../domain/actions/machine-action.ts";
import type { ActionWatch } from "../watch/watch-action.ts";

/** The follower looks for its end at least this often. */
const STEP_MS = 60_000;

/** Keeps the present state of an action, for a watch that also waits for something else. */
export class ActionFollower implements Disposable {
  readonly #watch: ActionWatch;
  readonly #onChange: () => void;
  readonly #stop = new AbortController();
  #action: MachineAction;
  #error: unknown = null;

  private constructor(watch: ActionWatch, action: MachineAction, onChange: () => void) {
    this.#watch = watch;
    this.#action = action;
    this.#onChange = onChange;
  }

  /** Null when the watch is over before its first state. */
  static async start(watch: ActionWatch, onChange: () => void): Promise<ActionFollower | null> {
    const first = await watch.next(STEP_MS, new AbortController().signal);
    if (first.kind !== "action") {
      watch[Symbol.dispose]();
      return null;
    }
    const follower = new ActionFollower(watch, first.now.action, onChange);
    void follower.#follow();
    return follower;
  }

  /** Throws when the store failed. */
  get action(): MachineAction {
    if (this.#error !== null) throw this.#error;
    return this.#action;
  }

  /** A final action changes too: the end of a cancelled command is recorded later. */
  replace(action: MachineAction): void {
    this.#action = action;
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#watch[Symbol.dispose]();
  }

  async #follow(): Promise<void> {
    try {
      for (;;) {
        const step = await this.#watch.next(STEP_MS, this.#stop.signal);
        if (step.kind === "over") return;
        if (step.kind !== "action") continue;
        this.#action = step.now.action;
        this.#onChange();
      }
    } catch (error) {
      this.#error = error;
      this.#onChange();
    }
  }
}
