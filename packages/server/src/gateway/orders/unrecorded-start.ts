import type { Started } from "@halligan/protocol/link";
import type { MonotonicClock } from "@halligan/protocol/time";
import type { GrantedStart } from "../../service/agents/connection/granted-start.ts";

/**
 * Longest time between the grant of a start and its own commit. An end that arrives earlier is
 * recorded together with its start.
 */
const RECORD_WITHIN_MS = 200;

/**
 * The start that a connection has granted and not yet recorded. There is at most one, because the
 * commands of an order run one after another.
 */
export class UnrecordedStart {
  readonly #clock: MonotonicClock;
  readonly #due: () => void;
  #granted: GrantedStart | null = null;
  #stopTimer: () => void = () => undefined;
  #isAllowed = true;

  /** @param due called once for each start that is not recorded after 200 ms */
  constructor(clock: MonotonicClock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get granted(): GrantedStart | null {
    return this.#granted;
  }

  /** Whether a start may be granted before it is recorded. */
  get isAllowed(): boolean {
    return this.#isAllowed && this.#granted === null;
  }

  /** From now on every start is recorded before it is granted. */
  forbid(): void {
    this.#isAllowed = false;
  }

  add(granted: GrantedStart): void {
    this.#granted = granted;
    this.#stopTimer = this.#clock.after(RECORD_WITHIN_MS, this.#due);
  }

  /** The start of the same command, which is recorded together with its end. */
  of({ actionId, index }: Pick<Started, "actionId" | "index">): GrantedStart | null {
    const report = this.#granted?.report;
    return report?.actionId === actionId && report.index === index ? this.#granted : null;
  }

  recorded(granted: GrantedStart | null): void {
    if (granted === null || this.#granted !== granted) return;
    this.#granted = null;
    this.#stopTimer();
  }

  /** Stops the timer. The connection's end records the start. */
  end(): void {
    this.#stopTimer();
  }
}
