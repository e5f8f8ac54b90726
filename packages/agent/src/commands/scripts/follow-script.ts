/**
 * Follows a script from its process to its end: stores its output, and ends the rest of its tree
 * unless the order lets it continue.
 */
import { sleep } from "@halligan/protocol/time";
import { CANCELLED_TEXT, STOPPED_TEXT } from "../../core/orders/end-texts.ts";
import type { CommandJob, RunScriptCommand, ScriptEnd } from "../../core/ports.ts";
import { reasonOf } from "../../disk/errno.ts";
import { roomIn } from "../../disk/folder-room.ts";
import { spoolPaths } from "../../disk/order-files.ts";
import { LIMITS } from "../../limits.ts";
import type { OutputSource } from "../../process/output-source.ts";
import type { ScriptProcess } from "../../process/spawn-script.ts";
import { endTree, isSurelyGone, notEndedTexts } from "../../process/tree/end-tree.ts";
import { endedText, keptText, leftProcesses } from "../../process/tree/left-processes.ts";
import type { Tree } from "../../process/tree/process-tree.ts";
import { durationText } from "../../transfer/transfer-watch.ts";
import type { CommandDeps } from "../command-deps.ts";
import { OutputSpool } from "../output/output-spool.ts";
import { Redactor } from "../secrets/redactor.ts";
import type { ScriptSecrets } from "../secrets/script-secrets.ts";

export const NO_EXIT_CODE = -1;

export interface StartedScript {
  child: ScriptProcess;
  tree: Tree;
  /** Resolves when the journal has recorded the process. */
  journaled: Promise<void>;
  /** Sentences about a script that runs nevertheless. */
  notes: readonly string[];
  /** Taken out of everything that is kept of the script. */
  secrets: ScriptSecrets;
}

/** The result of the end of a tree. */
interface TreeEnd {
  notes: string[];
  notEnded: string[];
  /** Processes of it continue, as the order allows. */
  isKept: boolean;
}

const NOTHING_LEFT: TreeEnd = { notes: [], notEnded: [], isKept: false };

/** @returns also whether no process has the script's output open any more */
export async function followScript(
  deps: CommandDeps,
  job: CommandJob<RunScriptCommand>,
  { child, tree, journaled, notes, secrets }: StartedScript,
  signal: AbortSignal,
): Promise<{ end: ScriptEnd; isOutputFree: boolean }> {
  // It is awaited at the end. Until then, a listener handles its failure.
  journaled.catch(() => undefined);
  const paths = spoolPaths(deps.folder, job.orderSeq, job.index);
  using written = deps.liveSpools.begin(job);
  const roomBytes = roomIn(deps.folder.spool, deps.settings.maxSpoolBytes);
  const outputLimitBytes = Math.min(job.limits.outputLimitBytes, Math.floor(roomBytes / 2));
  using stdout = new OutputSpool(paths.stdout, outputLimitBytes, (bytes) => written.grew("stdout", bytes));
  using stderr = new OutputSpool(paths.stderr, outputLimitBytes, (bytes) => written.grew("stderr", bytes));
  const outputs = [new KeptOutput(child.stdout, stdout, secrets), new KeptOutput(child.stderr, stderr, secrets)];
  const drained = Promise.all(outputs.map((output) => output.ended));
  const over = new AbortController();
  const limit = sleep(deps.clock, job.limits.scriptTimeoutMs, AbortSignal.any([signal, over.signal]))
    .then(() => "timedOut" as const)
    .catch(() => "aborted" as const);
  const first = await Promise.race([child.exited, limit]);
  over.abort();
  const isStopped = typeof first !== "number";
  for (const { source } of outputs) source.drain();
  // A background child can hold the pipes open indefinitely. The output is what was written by
  // then.
  const isDrained = !isStopped && (await withinGrace(deps, drained)) !== null;
  const treeEnd = await endOfTree(deps, job, tree, isStopped);
  const exitCode = isStopped ? await withinGrace(deps, child.exited) : first;
  if (!isDrained) {
    if (!treeEnd.isKept) await withinGrace(deps, drained);
    for (const output of outputs) {
      output.stopKeeping();
      if (treeEnd.isKept) deps.keptProcesses.holdOutput(output.source, output.ended);
      else output.source.close();
    }
    if (!treeEnd.isKept) await drained;
  }
  await journaled;
  for (const output of outputs) output.end();
  const said = [...notes, ...treeEnd.notes].map((note) => secrets.redact(note));
  for (const note of said) stderr.note(note);
  const losses = [stdout.finish(), stderr.finish()].filter((loss) => loss !== null);
  const end: ScriptEnd = {
    // The end of a script counts even if its output could not be kept completely, as long as the
    // transcript says what is missing.
    outcome: isStopped || losses.some((loss) => !loss.isNoted) ? "failed" : "completed",
    errors: [
      ...(isStopped ? [endText(first, job, signal)] : []),
      ...[stdout.cutText("stdout"), stderr.cutText("stderr")].filter((text) => text !== null),
      ...losses.map((loss) => loss.error),
      ...treeEnd.notEnded,
      ...said,
    ],
    exitCode: exitCode ?? NO_EXIT_CODE,
    ran: true,
    leftovers: treeEnd.notEnded,
  };
  return { end, isOutputFree: isDrained && !treeEnd.isKept && treeEnd.notEnded.length === 0 };
}

/** One stream that is copied to its spool until its end. */
class KeptOutput {
  readonly source: OutputSource;
  readonly ended: Promise<void>;
  readonly #redactor: Redactor;
  #isKept = true;

  constructor(source: OutputSource, spool: OutputSpool, { values }: ScriptSecrets) {
    this.source = source;
    this.#redactor = new Redactor(values, (bytes) => spool.write(bytes));
    this.ended = source.read((bytes) => this.#isKept && this.#redactor.write(bytes));
  }

  stopKeeping(): void {
    this.#isKept = false;
  }

  /** What comes after this is not kept. */
  end(): void {
    this.#isKept = false;
    this.#redactor.end();
  }
}

async function endOfTree(
  deps: CommandDeps,
  job: CommandJob<RunScriptCommand>,
  tree: Tree,
  isStopped: boolean,
): Promise<TreeEnd> {
  if (isStopped) return { ...NOTHING_LEFT, notEnded: notEndedTexts(await endTree(tree, deps.clock, deps.settings)) };
  if (isSurelyGone(tree)) return NOTHING_LEFT;
  const { left, isGone } = await leftProcesses(tree, deps.clock);
  if (isGone) return NOTHING_LEFT;
  if (job.command.keepProcesses) {
    if (left.length === 0 && (await areEmpty(tree, deps))) return NOTHING_LEFT;
    const notes = left.length > 0 ? [keptText(left)] : [];
    try {
      await deps.keptProcesses.keep(job, left);
    } catch (error) {
      notes.push(`They could not be recorded: ${reasonOf(error)}. A restart of the agent may end them.`);
    }
    return { notes, notEnded: [], isKept: true };
  }
  const notEnded = await endTree(tree, deps.clock, deps.settings);
  const ended = left.filter(({ pid }) => !notEnded.includes(pid));
  return {
    notes: ended.length > 0 ? [endedText(ended)] : [],
    notEnded: notEndedTexts(notEnded),
    isKept: false,
  };
}

/** The system counts a process for a short time after its end. */
async function areEmpty({ cgroups }: Tree, { clock }: CommandDeps): Promise<boolean> {
  const never = new AbortController().signal;
  for (let tries = 0; tries < LIMITS.cgroupRemoveTries; tries++) {
    if (cgroups.every((group) => group.removeEmpty() || !group.exists)) return true;
    await sleep(clock, LIMITS.killPollMs, never);
  }
  return false;
}

/** Null when the grace period ended first. */
async function withinGrace<T>(deps: CommandDeps, promise: Promise<T>): Promise<T | null> {
  const done = new AbortController();
  const grace = sleep(deps.clock, deps.settings.pipeGraceMs, done.signal).then(
    () => null,
    () => null,
  );
  try {
    return await Promise.race([promise, grace]);
  } finally {
    done.abort();
  }
}

function endText(first: "timedOut" | "aborted", job: CommandJob<RunScriptCommand>, signal: AbortSignal): string {
  return first === "timedOut"
    ? `The script did not end within ${durationText(job.limits.scriptTimeoutMs)} and was stopped.`
    : signal.reason === "agentStops"
      ? STOPPED_TEXT
      : CANCELLED_TEXT;
}
