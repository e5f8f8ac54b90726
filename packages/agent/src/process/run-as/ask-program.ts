import { execFile } from "node:child_process";
import { LIMITS } from "../../limits.ts";

export interface Asked {
  exitCode: number;
  stdout: string;
}

/**
 * Runs a short program to its end. It has no variable of the agent. Rejects with the signal's
 * reason, and when the program cannot be started, takes too long, or says too much.
 */
export function askProgram(file: string, args: readonly string[], signal: AbortSignal): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const options = {
      signal,
      timeout: LIMITS.userLookupMs,
      killSignal: "SIGKILL",
      maxBuffer: LIMITS.maxUserBytes,
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    } as const;
    execFile(file, args, options, (error, stdout) => {
      if (signal.aborted) reject(signal.reason);
      else if (error === null) resolve({ exitCode: 0, stdout });
      else if (typeof error.code === "number") resolve({ exitCode: error.code, stdout });
      else if (error.killed) reject(new Error(`${file} took longer than ${LIMITS.userLookupMs / 1_000} s`));
      else reject(error);
    });
  });
}
