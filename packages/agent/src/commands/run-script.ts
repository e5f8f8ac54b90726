/** RunScript: fetch, start, keep its output, end its tree. What it may not outlast is the order's script limit. */
import type { Readable } from "node:stream";
import { CANCELLED_TEXT, STOPPED_BEFORE_TEXT, STOPPED_TEXT } from "../core/end-texts.ts";
import type { CommandJob, CommandRef, RunScriptCommand, ScriptEnd, ScriptStart } from "../core/ports.ts";
import { reasonOf } from "../disk/errno.ts";
import { spoolPaths } from "../disk/order-files.ts";
import { ensureDataFolders } from "../disk/private-folder.ts";
import { LIMITS } from "../limits.ts";
import type { MadeCgroup } from "../process/cgroup-home.ts";
import { endTree, isSurelyGone } from "../process/end-tree.ts";
import { startTimeOf } from "../process/process-table.ts";
import type { Tree } from "../process/process-tree.ts";
import { type ScriptProcess, spawnScript } from "../process/spawn-script.ts";
import { durationText, TransferFailed } from "../transfer/transfer-watch.ts";
import type { CommandDeps } from "./command-deps.ts";
import { fetchScript } from "./fetch-script.ts";
import { notInLibrary } from "./file-name.ts";
import { chooseInterpreter } from "./interpreter.ts";
import { OutputSpool } from "./output-spool.ts";
import { splitArgs } from "./split-args.ts";

const NO_EXIT_CODE = -1;

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
  try {
    ensureDataFolders(deps.folder);
    const script = await fetchScript(deps, job, file, signal);
    const interpreter = chooseInterpreter(script.file, script.head, deps.env);
    if (interpreter.kind === "none") return notRun(interpreter.error);
    const words = splitArgs(job.command.args ?? "", interpreter.backslash);
    if (words.some((word) => word.includes("\0"))) return notRun("The arguments contain a NUL character.");
    cgroup = deps.cgroups.make(job);
    await start.granted();
    // From here to the process nothing waits: an abort finds either nothing or a process to end.
    signal.throwIfAborted();
    child = await spawnScript({
      file: interpreter.file,
      args: [...interpreter.args, ...words],
      cwd: deps.folder.work,
      env: scriptEnvironment(deps, job),
      cgroup,
    });
  } catch (error) {
    cgroup?.group.remove();
    if (signal.aborted) return notRun(signal.reason === "agentStops" ? STOPPED_BEFORE_TEXT : CANCELLED_TEXT);
    if (error instanceof TransferFailed) return notRun(error.message);
    return notRun(`The script could not be started: ${reasonOf(error)}.`);
  }
  // The process exists, perhaps as a zombie, until its end is taken notice of in a later turn of the event loop.
  const root = { pid: child.pid, startTime: startTimeOf(child.pid), bootId: deps.bootId };
  return await follow(
    deps,
    job,
    child,
    { root, mark: treeMark(job), cgroups: cgroup ? [cgroup.group] : [] },
    start.spawned(root),
    signal,
  );
}

async function follow(
  deps: CommandDeps,
  job: CommandJob<RunScriptCommand>,
  child: ScriptProcess,
  tree: Tree,
  journaled: Promise<void>,
  signal: AbortSignal,
): Promise<ScriptEnd> {
  // It is awaited at the end; until then its failure has a listener.
  journaled.catch(() => undefined);
  const paths = spoolPaths(deps.folder, job.orderSeq, job.index);
  using stdout = new OutputSpool(paths.stdout, job.limits.outputLimitBytes);
  using stderr = new OutputSpool(paths.stderr, job.limits.outputLimitBytes);
  const drained = Promise.all([drain(child.stdout, stdout), drain(child.stderr, stderr)]);
  const over = new AbortController();
  const limit = deps.clock
    .sleep(job.limits.scriptTimeoutMs, AbortSignal.any([signal, over.signal]))
    .then(() => "timedOut" as const)
    .catch(() => "aborted" as const);
  const first = await Promise.race([child.exited, limit]);
  over.abort();
  // A background child may hold the pipes for ever; what was written by then is the output.
  const isDrained = typeof first === "number" && (await withinGrace(deps, drained)) !== null;
  const leftovers = typeof first === "number" && isSurelyGone(tree) ? [] : await endTree(tree, deps.clock);
  const exitCode = typeof first === "number" ? first : await withinGrace(deps, child.exited);
  if (!isDrained) {
    await withinGrace(deps, drained);
    child.stdout.destroy();
    child.stderr.destroy();
    await drained;
  }
  await journaled;
  const losses = [stdout.finish(), stderr.finish()].filter((loss) => loss !== null);
  const isStopped = typeof first !== "number";
  return {
    // A script that ran to its end did, whatever of its output could be kept, as long as the transcript says what is missing.
    outcome: isStopped || losses.some((loss) => !loss.isNoted) ? "failed" : "completed",
    errors: [...(isStopped ? [endText(first, job, signal)] : []), ...losses.map((loss) => loss.error), ...leftovers],
    exitCode: exitCode ?? NO_EXIT_CODE,
    ran: true,
    leftovers,
  };
}

/** Null when the grace passed first. */
async function withinGrace<T>(deps: CommandDeps, promise: Promise<T>): Promise<T | null> {
  const done = new AbortController();
  const grace = deps.clock.sleep(LIMITS.pipeGraceMs, done.signal).then(
    () => null,
    () => null,
  );
  try {
    return await Promise.race([promise, grace]);
  } finally {
    done.abort();
  }
}

/** Resolves at the pipe's end, or when it was closed by us or broke with the process: what came is kept. */
function drain(output: Readable, spool: OutputSpool): Promise<void> {
  return new Promise((resolve) => {
    output.on("data", (chunk: Uint8Array) => spool.write(chunk));
    output.on("error", () => undefined);
    output.once("end", resolve);
    output.once("close", resolve);
  });
}

function endText(first: "timedOut" | "aborted", job: CommandJob<RunScriptCommand>, signal: AbortSignal): string {
  return first === "timedOut"
    ? `The script did not end within ${durationText(job.limits.scriptTimeoutMs)} and was stopped.`
    : signal.reason === "agentStops"
      ? STOPPED_TEXT
      : CANCELLED_TEXT;
}

function notRun(error: string): ScriptEnd {
  return { outcome: "failed", errors: [error], exitCode: NO_EXIT_CODE, ran: false, leftovers: [] };
}

/** How a process of a command is known whatever it does with its parent, group and session. */
export function treeMark(command: CommandRef): string[] {
  return [`HALLIGAN_ACTION_ID=${command.actionId}`, `HALLIGAN_COMMAND_INDEX=${command.index}`];
}

function scriptEnvironment(deps: CommandDeps, job: CommandRef): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(deps.env)) {
    if (value !== undefined && !name.toUpperCase().startsWith("HALLIGAN_ENROLLMENT")) env[name] = value;
  }
  env.HALLIGAN_WORKDIR = deps.folder.work;
  env.HALLIGAN_MACHINE_ID = deps.machineId;
  env.HALLIGAN_ACTION_ID = job.actionId;
  env.HALLIGAN_COMMAND_INDEX = String(job.index);
  return env;
}
