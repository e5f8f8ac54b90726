/** The one place where the agent starts a process for a command (threat 2.5: one choke point). */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { enterAndBecome, type MadeCgroup } from "./cgroups/cgroup-home.ts";
import { becomeProgram } from "./launcher.ts";
import { type OutputSource, readableSource } from "./output-source.ts";
import type { OpenPipes, ScriptPipes } from "./script-pipes.ts";

export interface ScriptProcess {
  pid: number;
  stdout: OutputSource;
  stderr: OutputSource;
  /** The exit code, or 128 + n when signal n ended it. */
  exited: Promise<number>;
}

/**
 * Its own session and process group; standard input is empty. Rejects when there is no process.
 *
 * Nothing of the script ever runs outside of its cgroup. Where possible, the agent's thread enters
 * the group for the moment of the start (`thread-move.ts`). Elsewhere, or when the agent does not
 * have the settings that a script finds, the first process is a shell that sets them, enters the
 * group and then becomes the interpreter. Writing the number after a plain spawn is a race that the
 * script can win.
 */
export async function spawnScript(start: {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  cgroup: MadeCgroup | null;
  /** The soft limit of open files. */
  openFiles: number;
  /** Whether a process that this one starts has the settings of `script-settings.ts`. */
  inheritsSettings: boolean;
  /** Null for sockets. When this rejects they are as they were. */
  pipes: { of: ScriptPipes; opened: OpenPipes } | null;
}): Promise<ScriptProcess> {
  const { pipes } = start;
  const child = startProcess(start, [
    "ignore",
    pipes?.opened.stdout.writeFd ?? "pipe",
    pipes?.opened.stderr.writeFd ?? "pipe",
  ]);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  child.on("error", (error) => failed.reject(error));
  const exited = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ? 128 + constants.signals[signal] : (code ?? -1)));
  });
  const { pid, stdout, stderr } = child;
  if (pid === undefined) return await failed.promise;
  if (pipes) return { pid, exited, ...pipes.of.started(pipes.opened) };
  if (!stdout || !stderr) throw new Error("the process has no output");
  return { pid, exited, stdout: readableSource(stdout), stderr: readableSource(stderr) };
}

function startProcess(start: Parameters<typeof spawnScript>[0], stdio: StdioOptions): ChildProcess {
  const { cwd, env, cgroup, openFiles, inheritsSettings } = start;
  const isWindows = process.platform === "win32";
  const options = { cwd, env, stdio, detached: !isWindows, windowsHide: true };
  if (isWindows || (!cgroup && inheritsSettings)) return spawn(start.file, start.args, options);
  if (cgroup?.threadMove && inheritsSettings) {
    const entered = cgroup.threadMove.within(cgroup.entry, () => spawn(start.file, start.args, options));
    if (entered) return entered.started;
    // As the shell does it: the script runs outside, and the missing group says so.
    cgroup.group.removeEmpty();
    return spawn(start.file, start.args, options);
  }
  const { file, args } = cgroup
    ? enterAndBecome(cgroup, start.file, start.args, openFiles)
    : becomeProgram(start.file, start.args, openFiles);
  return spawn(file, args, options);
}
