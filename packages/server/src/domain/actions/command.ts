import type { CommandType } from "@halligan/protocol/api";
import type { FileChange } from "@halligan/protocol/link";
import type { TransferRefusal } from "./transfer-refusal.ts";

/**
 * One command of a machine action.
 *
 * Created:   asked for; stays so for ever when an earlier command failed or the action was cancelled before its turn.
 * Executing: the device journalled its start. On the wire this shows as `Created` with a `startTime`
 *            (docs/contract/disagreements.md#row-8: only the three documented values are sent).
 * Completed: it ran to its end and its result, if it has one, is durable here.
 * Failed:    it ended otherwise; `errors` says why. What it wrote so far may still be there as its result.
 *
 * A start that was lost on the way shows as an end without `startTime`, which real captures have too (docs/contract/http-api.md#machine-action-entity)
 * . A repeated start (a transfer begun again after a crash) or a repeated end changes nothing. A start with another id than
 * the recorded one is that of a second device with the same key.
 */
export type CommandStatus = "Created" | "Executing" | "Completed" | "Failed";
export type CommandEventType = "started" | "completed" | "failed";

export const COMMAND_TRANSITIONS = {
  Created: { started: "Executing", completed: "Completed", failed: "Failed" },
  Executing: { completed: "Completed", failed: "Failed" },
  Completed: {},
  Failed: {},
} as const satisfies Record<CommandStatus, Partial<Record<CommandEventType, CommandStatus>>>;

/** Where a command's result is kept. The SHA-256 is of the bytes that a download gives. */
export type StoredResult =
  /** Its retention is over: the bytes are gone, what they were is still told. */
  | { kind: "expired"; sizeBytes: number; sha256: string; fileChange?: FileChange }
  | { kind: "inline"; sizeBytes: number; sha256: string }
  /** `fileChange`: how a collected file changed while it was collected; absent when it did not. */
  | { kind: "blob"; resultId: string; sizeBytes: number; sha256: string; fileChange?: FileChange };

/** The bytes that a command uses. */
export interface LibraryPin {
  sha256: string;
  sizeBytes: number;
  /** Of bytes that came with the action: their id in the store. Absent: content of the library, or bytes that are gone. */
  contentId?: string | undefined;
}

export interface Command {
  type: CommandType;
  /** As they were asked for, in that order: echoed on the wire. */
  params: readonly { key: string; value: string }[];
  status: CommandStatus;
  /** Of the one start that was recorded, as the device made it. */
  startId: string | null;
  startedAtMs: number | null;
  /** When it ended on the device, which told how long ago that was; null where it could not. */
  finishedAtMs: number | null;
  /** When its end was recorded: all of its result is durable here. */
  endedAtMs: number | null;
  errors: readonly string[];
  result: StoredResult | null;
  /** The content that this command uses, from the moment it was chosen or its name was known. */
  pin: LibraryPin | null;
  /** Its result waits, or waited, for space on the server. Gone when it has ended; `errors` then says it. */
  refusal?: TransferRefusal;
}

/** What the wire form has of a command. */
export type ListedCommand = Pick<Command, "type" | "params" | "status" | "startedAtMs" | "endedAtMs" | "errors">;

export function paramOf(command: Pick<Command, "params">, key: string): string | undefined {
  return command.params.find((param) => param.key === key)?.value;
}

/** Name of the file that this command uses, of the library unless its pin says otherwise; null for a GetFile. */
export function libraryFileNameOf(command: Pick<Command, "type" | "params">): string | null {
  if (command.type === "GetFile") return null;
  return paramOf(command, command.type === "PutFile" ? "FileName" : "ScriptName") ?? null;
}

/** The next status, or null when this event changes nothing for a command in that status. */
export function nextCommandStatus(status: CommandStatus, event: CommandEventType): CommandStatus | null {
  const row: Partial<Record<CommandEventType, CommandStatus>> = COMMAND_TRANSITIONS[status];
  return row[event] ?? null;
}

export const isEnded = (command: Pick<Command, "status">): boolean =>
  command.status === "Completed" || command.status === "Failed";

/** The last part of a path of Windows or of Unix. */
export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

/** What the gzip of a collected file is called, by the path it had on the device. */
export const collectedFileName = (devicePath: string): string => `${baseName(devicePath) || "file"}.gz`;
