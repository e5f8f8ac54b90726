import type { CommandType } from "@halligan/protocol/api";
import type { FileChange, OrderArchive, OutputCounts } from "@halligan/protocol/link";
import type { TransferRefusal } from "./transfer-refusal.ts";

/**
 * One command of a machine action.
 *
 * Created:   accepted. Stays Created if an earlier command failed or the action was cancelled
 *            before its turn.
 * Executing: the device recorded its start in its journal. On the wire this appears as `Created`
 *            with a `startTime` (docs/contract/disagreements.md#row-8: only the three documented
 *            values are sent).
 * Completed: it ran to its end, and its result, if any, is durable on the server.
 * Failed:    it ended in another way; `errors` gives the reason. Its output so far may be kept as
 *            its result.
 *
 * If the report of a start was lost, the command has an end without `startTime`. Recorded responses
 * of Defender have this too (docs/contract/http-api.md#machine-action-entity). A repeated start (a
 * transfer that restarts after a crash) or a repeated end changes nothing. If a start has another
 * id than the recorded one, a second device uses the same key.
 */
export type CommandStatus = "Created" | "Executing" | "Completed" | "Failed";
export type CommandEventType = "started" | "completed" | "failed";

export const COMMAND_TRANSITIONS = {
  Created: { started: "Executing", completed: "Completed", failed: "Failed" },
  Executing: { completed: "Completed", failed: "Failed" },
  Completed: {},
  Failed: {},
} as const satisfies Record<CommandStatus, Partial<Record<CommandEventType, CommandStatus>>>;

/**
 * Where a command's result is kept. The SHA-256 is that of the downloaded bytes. `fileChange`: how
 * a file changed while it was collected; absent when it did not change. `output`: how much a script
 * wrote; absent from an agent that does not report it.
 */
export type StoredResult =
  /**
   * The retention period is over. The bytes were removed; their SHA-256 and size are still shown.
   */
  (
    | { kind: "expired"; fileChange?: FileChange }
    | { kind: "inline" }
    | { kind: "blob"; resultId: string; fileChange?: FileChange }
  ) & { sizeBytes: number; sha256: string; output?: OutputCounts };

/** The bytes that a command uses. */
export interface LibraryPin {
  sha256: string;
  sizeBytes: number;
  /**
   * Id in the store of bytes that came with the action. Absent for content of the library and for
   * removed bytes.
   */
  contentId?: string | undefined;
}

export interface Command {
  type: CommandType;
  /** The parameters in the order of the request, in which the wire form repeats them. */
  params: readonly { key: string; value: string }[];
  status: CommandStatus;
  /** Id that the device gave the start that was recorded. */
  startId: string | null;
  startedAtMs: number | null;
  /**
   * When it ended, computed from the age that the device reported; null when the device did not
   * know it.
   */
  finishedAtMs: number | null;
  /** When its end was recorded. All of its result is durable by then. */
  endedAtMs: number | null;
  errors: readonly string[];
  result: StoredResult | null;
  /** The content that this command uses; set when it was chosen or its name was found. */
  pin: LibraryPin | null;
  /** Of a GetFile that collects a folder or a pattern; absent for everything else. */
  archive?: OrderArchive;
  /**
   * The result waits, or waited, for space on the server. Removed when the command has ended;
   * `errors` then contains it.
   */
  refusal?: TransferRefusal;
}

/** The fields that the wire form needs. */
export type ListedCommand = Pick<Command, "type" | "params" | "status" | "startedAtMs" | "endedAtMs" | "errors">;

export function paramOf(command: Pick<Command, "params">, key: string): string | undefined {
  return command.params.find((param) => param.key === key)?.value;
}

/**
 * Name of the file that this command uses. It is a library file unless the pin says otherwise. Null
 * for a GetFile.
 */
export function libraryFileNameOf(command: Pick<Command, "type" | "params">): string | null {
  if (command.type === "GetFile") return null;
  return paramOf(command, command.type === "PutFile" ? "FileName" : "ScriptName") ?? null;
}

/** The next status. Null when the event changes nothing for a command in this status. */
export function nextCommandStatus(status: CommandStatus, event: CommandEventType): CommandStatus | null {
  const row: Partial<Record<CommandEventType, CommandStatus>> = COMMAND_TRANSITIONS[status];
  return row[event] ?? null;
}

export const isEnded = (command: Pick<Command, "status">): boolean =>
  command.status === "Completed" || command.status === "Failed";

/** The last part of a Windows or Unix path. */
export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

/** File name of a collected file's gzip, from its path on the device. */
export const collectedFileName = (devicePath: string): string => `${baseName(devicePath) || "file"}.gz`;
