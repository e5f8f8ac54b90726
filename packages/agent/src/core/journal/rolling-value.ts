/**
 * Stores the rolling value of the newest connection (docs/decisions/0016-clones.md) and confirms it
 * after it is durable. Until then, the agent presents the value of an earlier connection. The
 * server accepts the earlier value until it receives the confirmation.
 */
import { messageOf } from "../error-text.ts";
import type { Log } from "../ports.ts";
import type { ServerConnection } from "../server-connection.ts";
import type { JournalRecord } from "./journal.ts";
import type { JournalWriter } from "./journal-writer.ts";

export interface RollingValueDeps {
  serverConnection: ServerConnection;
  log: Log;
  journal: JournalWriter;
  /**
   * Called when a value was confirmed late. The server recorded but did not grant the starts that
   * were reported in the meantime.
   */
  onConfirmedLate(): void;
}

export class RollingValueKeeper {
  readonly #deps: RollingValueDeps;
  /** The value that the newest connection offered and that is not durable yet. */
  #offered: string | null = null;

  constructor(deps: RollingValueDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves after the first attempt. If the disk refuses the write, the connection continues so
   * that the device can report the problem. The server grants no start until the value is
   * confirmed.
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

  /** The records that must become durable together with an order, or before it. */
  get pending(): { value: string; records: readonly JournalRecord[] } | null {
    const value = this.#offered;
    return value === null ? null : { value, records: [{ type: "rollingValue", value }] };
  }

  /** Confirms that `value` is durable. Does nothing when a newer connection has another value. */
  confirm(value: string): void {
    if (this.#offered !== value) return;
    this.#offered = null;
    this.#deps.serverConnection.send({ type: "kept", rollingValue: value });
  }

  /** Tries until the value is written or a newer connection has another value. */
  async #keepLater(value: string, stopping: AbortSignal): Promise<void> {
    const isWanted = () => this.#offered === value;
    try {
      await this.#deps.journal.appendDecided(stopping, () => (isWanted() ? [{ type: "rollingValue", value }] : []));
    } catch {
      // The agent is stopping.
      return;
    }
    if (!isWanted()) return;
    this.confirm(value);
    this.#deps.onConfirmedLate();
  }
}
