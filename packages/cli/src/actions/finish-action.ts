import type {
  ActionWithResultsWire,
  CommandStatusWire,
  MachineActionStatus,
  MachineActionWire,
} from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import type { CommandContext, Outcome } from "../command.ts";
import type { EarlyDownload } from "../download/early-download.ts";
import type { Target } from "../download/target.ts";
import type { Failure } from "../errors/describe-failure.ts";
import { EXIT, type ExitName, exitCodeOfScript, isReservedExitCode } from "../errors/exit-codes.ts";
import { harmlessText } from "../render/text/harmless.ts";
import { actionJson, statusOf } from "./action-json.ts";
import { type ArchiveKind, type CommandResult, collectResults } from "./output/collect-results.ts";
import type { LiveOutput } from "./output/live-output.ts";
import { printRest, renderResults } from "./output/results.ts";
import type { Started } from "./start-action.ts";
import { waitForAction } from "./wait-for-action.ts";

export interface FinishRequest {
  /** From `startAction`, or an action that was started before. */
  started: Started;
  limitMs: number | null;
  onlyIndex?: number | undefined;
  /** Null: collected files are left on the server. */
  targetOf: ((command: CommandStatusWire, devicePath: string | null) => Promise<Target>) | null;
  archiveKind?: ArchiveKind | null | undefined;
  maxSizeBytes: number;
  early?: EarlyDownload | null;
  /** Standard output and standard error get the script's exact bytes. */
  isRaw?: boolean;
  /** Prints the output of scripts while it comes. */
  live?: LiveOutput | null;
}

/**
 * Waits for the action, fetches its results, and reports its end.
 *
 * JSON: `{action, exitCode, results}` and `error` when it did not end well. `exitCode` is the last
 * script's own, null when no transcript is there; each of `results` is `{index, type: "RunScript",
 * scriptName, exitCode, output, errors, truncated, streams?}` or `{index, type: "GetFile", path,
 * savedAs, sizeBytes, sha256, archive?}`.
 */
export async function finishAction(
  context: CommandContext,
  client: HalliganClient,
  request: FinishRequest,
): Promise<Outcome> {
  const { limitMs, started, onlyIndex, live = null } = request;
  const { signal } = context;
  const progress = live?.progress ?? context.progress;
  // A terminal has the progress line.
  const note = context.env.stderr.isTTY ? () => undefined : context.note;
  const { actionId, ...known } = started;
  // A single result is fetched alone: each one in the response is recorded as fetched.
  const withResults = onlyIndex === undefined;
  const action = await waitForAction(client, actionId, { ...known, withResults, limitMs, progress, note, signal });
  // What has come with the action needs no stream, which may be behind.
  if (live) await (hasInlineScripts(action) ? live.leave() : live.over);
  const watched = (index: number) => live?.watched(index) ?? null;
  const { results, failure: unfetched } = await collectResults(context, client, { action, ...request, watched });
  if (live) await printRest(live, results);
  const failure = unfetched ?? emptyArchive(results);
  const scriptExitCode = lastExitCode(results);
  const ending = failureOfAction(action) ?? (failure && withHowToFetch(failure, action.id));
  const rendered = renderResults(live ? results.map(withoutTexts) : results, context.env, request.isRaw ?? false);
  const said =
    ending === null
      ? `${reservedCodeNote(scriptExitCode ?? 0, context.env.stderr.isTTY ?? false)}${notesOf(action, request.onlyIndex, results)}`
      : `${harmlessText(ending.message)}\n`;
  return {
    json: {
      ...(ending === null ? {} : { error: { code: ending.code, message: ending.message } }),
      action: actionJson(action),
      exitCode: scriptExitCode,
      results,
    },
    text: rendered.text,
    notes: Buffer.concat([rendered.notes, Buffer.from(onItsOwnLine(rendered.notes, said, live?.isLineOpen))]),
    exitCode: ending === null ? exitCodeOfScript(scriptExitCode ?? 0) : EXIT[ending.exit],
  };
}

/** The action has ended well, and its results stay on the server. */
function withHowToFetch(failure: Failure, actionId: string): Failure {
  if (failure.exit !== "localFile" && failure.exit !== "unreachable") return failure;
  const message = `${failure.message}\nAction ${actionId} keeps its results. Fetch them again: halligan result ${actionId}`;
  return { ...failure, message };
}

/** The agent's note about entries that it could not collect. */
const ARCHIVE_ERRORS = /^Note: \d+ of \d+ (entry was|entries were) not /;

/** The device could read nothing of what was to be collected. */
function emptyArchive(results: readonly CommandResult[]): Failure | null {
  for (const result of results) {
    if (result.type !== "GetFile" || !result.archive) continue;
    const { files, errors } = result.archive;
    if (files > 0 || errors === 0) continue;
    const message = `The archive of ${result.path} has no file, only errors: nothing could be collected.`;
    return { exit: "nothingCollected", code: "NothingCollected", message, json: {} };
  }
  return null;
}

/**
 * Notes of the device about a completed command: a file that changed while it was collected, output
 * that was cut.
 */
function notesOf(
  { commands }: MachineActionWire,
  onlyIndex: number | undefined,
  results: readonly CommandResult[],
): string {
  // The agent writes most of its notes into the script's errors as well, and the errors of an
  // archive into its manifest.
  const isShown = (text: string) =>
    results.some((result) =>
      result.type === "RunScript"
        ? result.errors.includes(`[halligan: ${text}]`)
        : (result.archive?.errors ?? 0) > 0 && ARCHIVE_ERRORS.test(text),
    );
  return commands
    .filter(({ index }) => onlyIndex === undefined || index === onlyIndex)
    .flatMap(({ command, errors }) =>
      errors.filter((text) => !isShown(text)).map((text) => `${harmlessText(`${command.type}: ${text}`)}\n`),
    )
    .join("");
}

/** `isLineOpen`: of what was printed before. */
function onItsOwnLine(before: Uint8Array, said: string, isLineOpen = false): string {
  const LINE_FEED = 10;
  const isOpen = before.length === 0 ? isLineOpen : before.at(-1) !== LINE_FEED;
  return said !== "" && isOpen ? `\n${said}` : said;
}

function hasInlineScripts({ commands, results }: ActionWithResultsWire): boolean {
  return commands.every(
    ({ index, command, commandStatus }) =>
      command.type !== "RunScript" ||
      commandStatus === "Created" ||
      results?.some((result) => result.index === index) === true,
  );
}

/** They were printed already. */
const withoutTexts = (result: CommandResult): CommandResult =>
  result.type === "RunScript" ? { ...result, output: "", errors: "" } : result;

/**
 * Also in a pipe, because the exit code of the process does not show it. 85 itself is one of them.
 * On a terminal the results have named the script's own code.
 */
function reservedCodeNote(scriptExitCode: number, isTerminal: boolean): string {
  const exitCode = exitCodeOfScript(scriptExitCode);
  if (exitCode === scriptExitCode && !isReservedExitCode(scriptExitCode)) return "";
  const ended = isTerminal ? "" : `The script ended with exit code ${scriptExitCode}. `;
  return `halligan: ${ended}halligan exits with ${exitCode}, see: halligan help exit-codes\n`;
}

function lastExitCode(results: readonly CommandResult[]): number | null {
  return results.findLast((result) => result.type === "RunScript")?.exitCode ?? null;
}

const ENDINGS: Partial<Record<MachineActionStatus, { exit: ExitName; code: string; verb: string }>> = {
  Failed: { exit: "actionFailed", code: "ActionFailed", verb: "failed" },
  TimeOut: { exit: "actionTimedOut", code: "ActionTimedOut", verb: "timed out" },
  Cancelled: { exit: "actionCancelled", code: "ActionCancelled", verb: "was cancelled" },
};

/** Null when it succeeded. */
export function failureOfAction(action: MachineActionWire): Failure | null {
  const ending = ENDINGS[statusOf(action)];
  if (ending === undefined) return null;
  const reasons = action.commands.flatMap(({ command, errors }) =>
    errors.map((text) => `\n  ${command.type}: ${text}`),
  );
  const comment = action.cancellationComment === null ? "" : `: ${action.cancellationComment}`;
  return {
    exit: ending.exit,
    code: ending.code,
    message: `Action ${action.id} ${ending.verb}${comment}${reasons.join("")}`,
    json: {},
  };
}
