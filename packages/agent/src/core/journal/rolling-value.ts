/**
 * Keeps the rolling value of the newest connection (docs/decisions/0016-clones.md): durable first, confirmed after.
 * Until it is durable the value of an earlier connection is presented, which the server accepts as long as it has heard
 * no confirmation.
 */
import { messageOf } from "../error-text.ts";
import type { LinkState } from "../link-state.ts";
import type { Log } from "../ports.ts";
import type { JournalRecord } from "./journal.ts";
import type { JournalWriter } from "./journal-writer.ts";

export interface RollingValueDeps {
  link: LinkState;
  log: Log;
  journal: JournalWriter;
  /** A value was confirmed late: starts that were reported meanwhile were recorded and not granted. */
  onKeptLate(): void;
}

export class RollingValueKeeper {
  readonly #deps: RollingValueDeps;
  /** Offered on the newest connection and not durable yet. */
  #offered: string | null = null;

  constructor(deps: RollingValueDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves after the first attempt. On a disk that refuses, the connection goes on, so that the device can report it;
   * the server grants no start meanwhile.
   */
  async keep(value: string | null, stopping: AbortSignal): Promise<void> {
    this.#offered = value;
    if (value === null) return;
    try {
      await this.#deps.journal.tryAppend({ type: "rollingValue", value });
      this.confirm(value);
    } catch (error) {
      this.#deps.log.error("rollingValueNotWritten", { error: messageOf(error) });
      void this.#keepLater(value, stopping);
    }
  }

  /** What has to become durable together with an order, or before it. */
  get pending(): { value: string; records: readonly JournalRecord[] } | null {
    const value = this.#offered;
    return value === null ? null : { value, records: [{ type: "rollingValue", value }] };
  }

  /** `value` is durable. Says nothing when a newer connection has another one. */
  confirm(value: string): void {
    if (this.#offered !== value) return;
    this.#offered = null;
    this.#deps.link.send({ type: "kept", rollingValue: value });
  }

  /** Until it is written, or a newer connection has another value. */
  async #keepLater(value: string, stopping: AbortSignal): Promise<void> {
    const isWanted = () => this.#offered === value;
    try {
      await this.#deps.journal.appendDecided(stopping, () => (isWanted() ? [{ type: "rollingValue", value }] : []));
    } catch {
      // The agent stops.
      return;
    }
    if (!isWanted()) return;
    this.confirm(value);
    this.#deps.onKeptLate();
  }
}
