import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { BenchContext } from "../bench.ts";
import { findProgram } from "../processes/find-program.ts";
import { type SystemCall, systemCallsOf } from "./system-calls.ts";

/** Only these stop the traced program, so that the others run at their usual speed. */
const TRACED = [
  ...["fsync", "fdatasync", "pwrite64", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat"],
  ...["clone", "clone3", "fork", "vfork", "execve"],
];
/** The header of a WAL frame begins with two numbers of four bytes. Nothing else is looked at. */
const SHOWN_BYTES = 8;
const POLL_MS = 10;
/** A traced program that makes no traced call for so long has nothing left to do. */
const QUIET_MS = 60;
const PATIENCE_MS = 60_000;

/** Absolute path of a strace that can trace here. Null, and a note, where there is none. */
export async function usableStrace(context: BenchContext): Promise<string | null> {
  const strace = process.platform === "linux" ? await findProgram("strace") : null;
  if (strace === null) {
    context.note("left out: strace is not installed here");
    return null;
  }
  try {
    await promisify(execFile)(strace, ["-f", "--seccomp-bpf", "-e", "trace=execve", "-o", "/dev/null", "/bin/true"]);
    return strace;
  } catch (cause) {
    context.note(`left out: strace cannot trace here: ${cause instanceof Error ? cause.message : cause}`);
    return null;
  }
}

/** The system calls of one process and of all that it starts. */
export class Trace {
  /** To be put before the command of the process. The process keeps its own process id. */
  readonly prefix: readonly string[];
  readonly #file: string;

  constructor(strace: string, file: string) {
    this.#file = file;
    this.prefix = [
      ...[strace, "-f", "-D", "--seccomp-bpf", "-ttt", "-y", "-s", `${SHOWN_BYTES}`, "-o", file],
      ...["-e", `trace=${TRACED.join(",")}`, "-e", "signal=none"],
    ];
  }

  /** Resolves when no call was made for a moment: what follows an action has ended too. */
  async quiet(signal: AbortSignal): Promise<void> {
    const begunMs = performance.now();
    let [size, sinceMs] = [-1, begunMs];
    while (performance.now() - sinceMs < QUIET_MS) {
      const { size: now } = await stat(this.#file);
      if (now !== size) [size, sinceMs] = [now, performance.now()];
      if (performance.now() - begunMs > PATIENCE_MS) throw new Error("the traced process does not become quiet");
      await sleep(systemClock, POLL_MS, signal);
    }
  }

  async calls(): Promise<SystemCall[]> {
    return systemCallsOf(await readFile(this.#file, "latin1"));
  }
}
