/** Keeps `status.json` up to date while the agent runs. */
import { BUILD } from "@halligan/protocol/version";
import { boundText } from "../bound-text.ts";
import type { Log, LogFields } from "../core/ports.ts";
import type { ServerConnection } from "../core/server-connection.ts";
import { reasonOf } from "../disk/errno.ts";
import { wallClockMs } from "../wall-clock.ts";
import { type AgentStatus, writeStatus } from "./status-file.ts";

type Connection = Pick<ServerConnection, "isUp" | "changed" | "wake">;
/** What does not change while the agent runs. */
export type FixedStatus = Pick<AgentStatus, "machineId" | "server" | "proxy" | "limits" | "unavailable">;

const now = (): string => new Date(wallClockMs()).toISOString();
const MAX_PROBLEM_CHARACTERS = 2_000;

export class StatusKeeper {
  readonly #root: string;
  readonly #fixed: FixedStatus;
  readonly #log: Log;
  readonly #connection: Connection;
  readonly #startedAt = now();
  #problem: string | null = null;

  constructor(root: string, fixed: FixedStatus, connection: Connection, log: Log) {
    this.#root = root;
    this.#fixed = fixed;
    this.#connection = connection;
    this.#log = log;
  }

  /** Passes each line on, and remembers why a connection failed. */
  get log(): Log {
    const noted = (event: string, fields: LogFields = {}) => {
      if (event !== "linkLost" && event !== "linkRefused") return;
      const text = [fields.error, fields.meaning].filter((part) => typeof part === "string").join(" ");
      this.#problem = boundText(text, MAX_PROBLEM_CHARACTERS);
      this.#connection.wake();
    };
    return {
      info: (event, fields) => this.#log.info(event, fields),
      warn: (event, fields) => {
        noted(event, fields);
        this.#log.warn(event, fields);
      },
      error: (event, fields) => {
        noted(event, fields);
        this.#log.error(event, fields);
      },
    };
  }

  /** Writes at each change until the signal. A write that fails is logged once. */
  async keep(signal: AbortSignal): Promise<void> {
    const written: { isConnected: boolean | null; problem: string | null } = { isConnected: null, problem: null };
    let since = this.#startedAt;
    let isFailing = false;
    while (!signal.aborted) {
      const isConnected = this.#connection.isUp;
      const problem = isConnected ? null : this.#problem;
      if (written.isConnected !== isConnected || written.problem !== problem) {
        if (written.isConnected !== null && written.isConnected !== isConnected) since = now();
        Object.assign(written, { isConnected, problem });
        try {
          await writeStatus(this.#root, this.#status({ isConnected, problem }, since));
          isFailing = false;
        } catch (error) {
          if (!isFailing) this.#log.warn("statusNotWritten", { error: reasonOf(error) });
          isFailing = true;
        }
        continue;
      }
      await this.#connection.changed(signal).catch(() => undefined);
    }
  }

  #status(state: Pick<AgentStatus, "isConnected" | "problem">, since: string): AgentStatus {
    return {
      v: 1,
      pid: process.pid,
      agentVersion: BUILD,
      ...this.#fixed,
      ...state,
      since,
      startedAt: this.#startedAt,
    };
  }
}
