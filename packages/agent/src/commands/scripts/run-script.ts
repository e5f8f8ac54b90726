/**
 * RunScript: fetches the script, starts it and follows it to its end. The order's script limit
 * bounds its time.
 */
import { ok } from "@halligan/protocol/errors";
import { CANCELLED_TEXT, STOPPED_BEFORE_TEXT } from "../../core/orders/end-texts.ts";
import type { CommandJob, RunScriptCommand, ScriptEnd, ScriptStart } from "../../core/ports.ts";
import { reasonOf } from "../../disk/errno.ts";
import { ensureDataFolders } from "../../disk/private-folder.ts";
import type { MadeCgroup } from "../../process/cgroups/cgroup-home.ts";
import type { OpenPipes } from "../../process/script-pipes.ts";
import { type ScriptProcess, spawnScript } from "../../process/spawn-script.ts";
import { startTimeOf } from "../../process/tree/process-table.ts";
import { TransferFailedError } from "../../transfer/transfer-watch.ts";
import type { CommandDeps } from "../command-deps.ts";
import { notInLibrary } from "../file-name.ts";
import { scriptEnvironment, treeMark } from "../script-environment.ts";
import { openScriptSecrets, type ScriptSecrets } from "../secrets/script-secrets.ts";
import { fetchScript, removeMark } from "./fetch-script.ts";
import { followScript, NO_EXIT_CODE } from "./follow-script.ts";
import { chooseInterpreter } from "./interpreter.ts";
import { thisDevice } from "./programs.ts";
import { readyForUser, scriptUser } from "./script-user.ts";
import { splitArgs } from "./split-args.ts";
import { UserFolder } from "./user-folder.ts";

export async function runScript(
  deps: CommandDeps,
  job: CommandJob<RunScriptCommand>,
  start: ScriptStart,
  signal: AbortSignal,
): Promise<ScriptEnd> {
  const { scriptName, file } = job.command;
  if (!file) return notRun(notInLibrary(scriptName));
  let child: ScriptProcess;
  let cgroup: MadeCgroup | null = null;
  let opened: OpenPipes | null = null;
  let secrets: ScriptSecrets;
  const notes: string[] = [];
  using userFolder = new UserFolder(deps);
  try {
    ensureDataFolders(deps.folder);
    const user = await scriptUser(deps, job.command.runAs, signal);
    if (!user.ok) return notRun(user.error);
    const { account, environment } = user.value;
    const script = await fetchScript(deps, job, file, signal);
    const interpreter = chooseInterpreter(script.file, script.head, thisDevice(environment));
    if (interpreter.kind === "none") return notRun(interpreter.error);
    notes.push(...interpreter.notes);
    if (interpreter.withoutMark) notes.push(withoutMarkText(await removeMark(script)));
    const words = splitArgs(job.command.args ?? "", interpreter.backslash);
    if (words.some((word) => word.includes("\0"))) return notRun("The arguments contain a NUL character.");
    const program = { file: interpreter.file, args: interpreter.args, script: script.file };
    const { work } = deps.folder;
    const ready = account
      ? await readyForUser(userFolder, job, account, program, signal)
      : ok({ ...program, cwd: work, work });
    if (!ready.ok) return notRun(ready.error);
    // A server that was restored from a backup can reuse a number. Then this script runs without a
    // group.
    cgroup = deps.keptProcesses.groupsOfOthers(job).length > 0 ? null : deps.cgroups.make(job);
    opened = await deps.scriptPipes.open();
    await start.granted();
    // From here until the process exists, nothing waits. An abort finds either no process or a
    // process to end.
    signal.throwIfAborted();
    const decrypted = openScriptSecrets(deps, job);
    if (typeof decrypted === "string") throw new SecretsUnreadableError(decrypted);
    secrets = decrypted;
    const variables = scriptEnvironment(environment, {
      ...job,
      machineId: deps.machineId,
      workFolder: ready.value.work,
    });
    child = await spawnScript({
      file: ready.value.file,
      args: [...ready.value.args, ...words],
      cwd: ready.value.cwd,
      env: { ...variables, ...secrets.variables() },
      cgroup,
      openFiles: deps.settings.scriptOpenFiles,
      inheritsSettings: deps.inheritsSettings,
      pipes: opened && { of: deps.scriptPipes, opened },
    });
  } catch (error) {
    cgroup?.group.remove();
    if (opened) deps.scriptPipes.abandoned(opened);
    if (signal.aborted) return notRun(signal.reason === "agentStops" ? STOPPED_BEFORE_TEXT : CANCELLED_TEXT);
    if (error instanceof TransferFailedError || error instanceof SecretsUnreadableError) return notRun(error.message);
    return notRun(`The script could not be started: ${reasonOf(error)}.`);
  }
  using running = secrets;
  // The process exists, perhaps as a zombie, until a later turn of the event loop handles its exit.
  const root = { pid: child.pid, startTime: startTimeOf(child.pid), bootId: deps.bootId };
  const tree = { root, mark: treeMark(job), cgroups: cgroup ? [cgroup.group] : [] };
  const { end, isOutputFree } = await followScript(
    deps,
    job,
    { child, tree, journaled: start.spawned(root), notes, secrets: running },
    signal,
  );
  if (opened) deps.scriptPipes.release(opened.pair, isOutputFree);
  return end;
}

class SecretsUnreadableError extends Error {
  override name = "SecretsUnreadableError";
}

function withoutMarkText(sha256: string): string {
  return (
    "The script begins with a UTF-8 byte order mark, which its interpreter would take for a part of the first line. " +
    `It ran without these 3 bytes (SHA-256 of what ran: ${sha256}). Save it as UTF-8 without a mark.`
  );
}

function notRun(error: string): ScriptEnd {
  return { outcome: "failed", errors: [error], exitCode: NO_EXIT_CODE, ran: false, leftovers: [] };
}
