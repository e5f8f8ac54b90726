/** The one place where the agent starts a process for a command (threat 2.5: one choke point). */
import { spawn } from "node:child_process";
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
 * The first process is a shell that sets what a script finds (`launcher.ts`), enters the cgroup and
 * then becomes the interpreter, so nothing of the script ever runs outside. It costs a millisecond.
 * The agent could instead move itself there, spawn and move back: each of these moves waits ten
 * milliseconds on the agent's only thread, and an agent that could not move back would be killed
 * with the script. Writing the number after a plain spawn is a race that the script can win.
 */
export async function spawnScript(start: {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  cgroup: MadeCgroup | null;
  /** The soft limit of open files. */
  openFiles: number;
  /** Null for sockets. When this rejects they are as they were. */
  pipes: { of: ScriptPipes; opened: OpenPipes } | null;
}): Promise<ScriptProcess> {
  const isWindows = process.platform === "win32";
  const { file, args } = start.cgroup
    ? enterAndBecome(start.cgroup, start.file, start.args, start.openFiles)
    : isWindows
      ? start
      : becomeProgram(start.file, start.args, start.openFiles);
  const { pipes } = start;
  const child = spawn(file, args, {
    cwd: start.cwd,
    env: start.env,
    stdio: ["ignore", pipes?.opened.stdout.writeFd ?? "pipe", pipes?.opened.stderr.writeFd ?? "pipe"],
    detached: !isWindows,
    windowsHide: true,
  });
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
