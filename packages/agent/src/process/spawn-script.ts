/** The one place where the agent starts a process for a command (threat 2.5: one choke point). */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { enterAndBecome, type MadeCgroup } from "./cgroup-home.ts";

export interface ScriptProcess {
  pid: number;
  stdout: Readable;
  stderr: Readable;
  /** The exit code, or 128 + n when signal n ended it. */
  exited: Promise<number>;
}

/**
 * Its own session and process group; no standard input. Rejects when there is no process.
 *
 * With a cgroup the first process is a shell that enters it and then becomes the interpreter, so nothing of the script
 * ever runs outside. It costs a millisecond. The agent could instead move itself there, spawn and move back: each of these moves
 * waits ten milliseconds on the agent's only thread, and an agent that could not move back would be killed with the script.
 * Writing the number after a plain spawn is a race that the script can win.
 */
export async function spawnScript(start: {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  cgroup: MadeCgroup | null;
}): Promise<ScriptProcess> {
  const { file, args } = start.cgroup ? enterAndBecome(start.cgroup, start.file, start.args) : start;
  const child = spawn(file, args, {
    cwd: start.cwd,
    env: start.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
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
  return { pid, stdout, stderr, exited };
}
