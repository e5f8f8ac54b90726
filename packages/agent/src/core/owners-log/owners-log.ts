/**
 * The owner's log as the core sees it (docs/decisions/0058-owners-log.md): what was asked of this
 * device, by whom, and how it ended. It decides nothing.
 */
import type { CancelledBy, OrderOrigin } from "@halligan/protocol/link";

/** A command of an order, without contents and secrets. */
export interface LoggedCommand {
  index: number;
  type: "PutFile" | "RunScript" | "GetFile";
  /** The name of the script or file in the library, or the path on the device. */
  target: string;
  args?: string;
  /** SHA-256 of the script or file; null when the library has none of that name. */
  sha256?: string | null;
  sizeBytes?: number;
  /** A path that is not UTF-8. */
  pathBase64?: string;
  archive?: "folder" | "pattern";
  keepProcesses?: boolean;
  /** The user of a script that does not run as the agent's. */
  runAs?: string;
}

type CommandOf = { actionId: string; index: number; type: LoggedCommand["type"] };

export type OwnersLogEvent =
  | { event: "enrolled"; server: string; machineId: string; name: string | null }
  | {
      event: "accepted";
      actionId: string;
      orderSeq: number;
      origin: OrderOrigin | null;
      commands: LoggedCommand[];
      /** Of the scripts' secret variables. */
      secretNames?: string[];
    }
  /** The order was in the log, and the journal could not take it: nothing of it starts. */
  | { event: "notTaken"; actionId: string; reason: string }
  | ({ event: "started" } & CommandOf)
  | ({
      event: "ended";
      outcome: "completed" | "failed";
      /** Of a script that ran. */
      exitCode: number | null;
      /** Of the transcript or the collected file. */
      sha256: string | null;
      sizeBytes: number | null;
    } & CommandOf)
  /** The agent stopped while the script ran, and has ended what was left of it. */
  | ({ event: "interrupted" } & CommandOf)
  /** Null when no caller did: a time limit has passed, or the machine was retired. */
  | { event: "cancelled"; actionId: string; by: CancelledBy | null }
  /** The server wants no report of it. What ran of it is ended. */
  | { event: "dropped"; actionId: string }
  | { event: "retired" }
  | { event: "quarantined" }
  | { event: "orderKeys"; keyIds: string[] };

export interface OwnersLog {
  /**
   * The entry survives the end of the agent's process when it returns. Throws when the disk refuses
   * it, or when earlier entries still wait for the disk.
   */
  require(event: OwnersLogEvent): void;
  /** The same, but an entry that the disk refuses waits for the disk. Never throws. */
  write(event: OwnersLogEvent): void;
  /** Every required entry is durable when it resolves. Rejects when the disk refuses that. */
  synced(): Promise<void>;
}

/** Of a simulated device. */
export const NO_OWNERS_LOG: OwnersLog = {
  require: () => undefined,
  write: () => undefined,
  synced: async () => undefined,
};
