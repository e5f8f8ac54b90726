import {
  type ActionWithResultsWire,
  archiveFileName,
  type CommandStatusWire,
  type TranscriptWire,
} from "@halligan/protocol/api";
import { ApiError, type HalliganClient } from "@halligan/protocol/client";
import type { CommandContext } from "../../command.ts";
import { type DownloadedFile, downloadFile } from "../../download/download-file.ts";
import type { EarlyDownload } from "../../download/early-download.ts";
import type { Target } from "../../download/target.ts";
import { describeFailure, type Failure } from "../../errors/describe-failure.ts";
import type { WatchedScript } from "./live-output.ts";

export interface ScriptResult {
  index: number;
  type: "RunScript";
  scriptName: string;
  exitCode: number;
  output: string;
  errors: string;
  /** Part of the output or of the errors is missing. */
  truncated: boolean;
  /**
   * Facts that the texts cannot express; present only when a text differs from what the script
   * wrote.
   */
  streams?: NonNullable<TranscriptWire["halligan"]>;
}

export interface FileResult extends DownloadedFile {
  index: number;
  type: "GetFile";
  /** On the device. */
  path: string;
}

export type CommandResult = ScriptResult | FileResult;

export interface CollectRequest {
  action: ActionWithResultsWire;
  /** Only this command, or all. */
  onlyIndex?: number | undefined;
  /** `devicePath`: of an archive its file name. Null: collected files are left on the server. */
  targetOf: ((command: CommandStatusWire, devicePath: string | null) => Promise<Target>) | null;
  /** What the GetFile commands collect; absent when the server must be asked. */
  archiveKind?: ArchiveKind | null | undefined;
  maxSizeBytes: number;
  /** A script whose output was printed while it came; null for another one. */
  watched(index: number): WatchedScript | null;
  /** The download of the only GetFile, when it was begun before. */
  early?: EarlyDownload | null;
}

/** Null for a single file. */
export type ArchiveKind = "folder" | "pattern";

export interface Collected {
  results: CommandResult[];
  /** Why a result could not be fetched. The results before it are in `results`. */
  failure: Failure | null;
}

/**
 * The results of the commands that have one, in order. For a failed script, the output until the
 * failure.
 */
export async function collectResults(
  context: CommandContext,
  client: HalliganClient,
  request: CollectRequest,
): Promise<Collected> {
  const results: CommandResult[] = [];
  try {
    for (const command of request.action.commands) {
      if (request.onlyIndex !== undefined && command.index !== request.onlyIndex) continue;
      const result = await collectOne(context, client, request, command);
      if (result !== null) results.push(result);
    }
    return { results, failure: null };
  } catch (error) {
    return { results, failure: describeFailure(error) };
  }
}

async function collectOne(
  context: CommandContext,
  client: HalliganClient,
  { action, targetOf, maxSizeBytes, watched, early, archiveKind }: CollectRequest,
  command: CommandStatusWire,
): Promise<CommandResult | null> {
  const { index, commandStatus } = command;
  const { signal, progress } = context;
  const seen = watched(index);
  if (seen && command.command.type === "RunScript") {
    if (seen.exitCode === null) return null;
    const scriptName = command.command.params.find(({ key }) => key === "ScriptName")?.value ?? "";
    const { exitCode, truncated, lastErrors } = seen;
    return { index, type: "RunScript", scriptName, exitCode, output: "", errors: lastErrors, truncated };
  }
  if (command.command.type === "RunScript" && commandStatus !== "Created") {
    try {
      const inline = action.results?.find((result) => result.index === index)?.transcript;
      const transcript = inline ?? (await downloadTranscript(client, action.id, index, signal));
      return {
        index,
        type: "RunScript",
        scriptName: transcript.script_name,
        exitCode: transcript.exit_code,
        output: transcript.script_output,
        errors: transcript.script_errors,
        truncated: isTruncated(transcript),
        ...(transcript.halligan && { streams: transcript.halligan }),
      };
    } catch (error) {
      // A script that never started has no transcript; its failure says why.
      if (commandStatus === "Failed" && error instanceof ApiError && error.status < 429) return null;
      throw error;
    }
  }
  if (command.command.type === "GetFile" && commandStatus === "Completed" && targetOf) {
    const devicePath = devicePathOf(command);
    const arrived = (await early?.finish()) ?? null;
    if (arrived !== null) return { index, type: "GetFile", path: devicePath ?? "", ...arrived };
    const kind = archiveKind === undefined ? await knownKind(client, action.id, index, signal) : archiveKind;
    const target = await targetOf(command, kind && devicePath ? archiveFileName(devicePath, kind) : devicePath);
    const { stdout } = context.env;
    const file = await downloadFile(client, {
      actionId: action.id,
      commandIndex: index,
      target,
      isArchive: kind !== null,
      maxSizeBytes,
      stdout,
      progress,
      signal,
    });
    return { index, type: "GetFile", path: devicePath ?? "", ...file };
  }
  return null;
}

async function downloadTranscript(client: HalliganClient, actionId: string, index: number, signal: AbortSignal) {
  const link = await client.getDownloadUrl(actionId, index, { signal });
  return await client.downloadTranscript(link, { signal });
}

function isTruncated({ halligan }: TranscriptWire): boolean {
  return [halligan?.stdout, halligan?.stderr].some((facts) => facts !== undefined && facts.keptBytes < facts.sizeBytes);
}

/** The contract's entity does not say whether a GetFile was of a folder or a pattern. */
async function knownKind(
  client: HalliganClient,
  actionId: string,
  index: number,
  signal: AbortSignal,
): Promise<ArchiveKind | null> {
  try {
    const { value } = await client.getMachineActionResults(actionId, { signal });
    return value.find((one) => one.index === index)?.archive?.kind ?? null;
  } catch (error) {
    // A server that does not know the question has no archives.
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** For people: bytes that are not UTF-8 are U+FFFD. */
export function devicePathOf({ command }: CommandStatusWire): string | null {
  const param = (name: string) => command.params.find(({ key }) => key === name)?.value;
  const encoded = param("PathBase64");
  return encoded === undefined ? (param("Path") ?? null) : Buffer.from(encoded, "base64").toString("utf8");
}
