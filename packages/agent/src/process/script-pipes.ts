/**
 * Pipes for a script's output and errors.
 *
 * `spawn` of Node and Bun makes sockets, and Linux cannot open a socket by name: `echo x >
 * /dev/stderr` fails with ENXIO. A regular file can be opened, but `> /dev/stdout` would truncate
 * it, and neither its size nor its order could be kept while several processes write. Neither
 * runtime makes an anonymous pipe, so these are FIFOs of the data folder, made by `mkfifo`.
 *
 * A pair whose writers are all gone is used again, so that `mkfifo` (2 ms) runs once and not for
 * each script. Elsewhere than on Linux `/dev/stdout` duplicates the descriptor, which works with
 * sockets.
 */
import { execFile } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { MonotonicClock } from "@halligan/protocol/time";
import type { Log } from "../core/ports.ts";
import { isErrno, reasonOf } from "../disk/errno.ts";
import { ensureInnerFolder } from "../disk/private-folder.ts";
import { LIMITS } from "../limits.ts";
import { type OutputSource, pipeSource } from "./output-source.ts";

interface Pair {
  stdout: string;
  stderr: string;
}

interface Ends {
  readFd: number;
  writeFd: number;
}

/**
 * All four ends are the agent's until {@link ScriptPipes.started} or {@link ScriptPipes.abandoned}.
 */
export interface OpenPipes {
  pair: Pair;
  stdout: Ends;
  stderr: Ends;
}

export class ScriptPipes {
  readonly #folder: string;
  readonly #log: Log;
  readonly #clock: MonotonicClock;
  #made = 0;
  /** A pair that no process has open. */
  #free: Pair | null = null;
  #isMissing = process.platform !== "linux";

  constructor(folder: string, log: Log, clock: MonotonicClock) {
    this.#folder = folder;
    this.#log = log;
    this.#clock = clock;
  }

  /** Null where there can be none: the script then gets sockets. Never rejects. */
  async open(): Promise<OpenPipes | null> {
    if (this.#isMissing) return null;
    const free = this.#free;
    this.#free = null;
    try {
      this.#ensureFolder();
      if (free) {
        const again = openPair(free);
        if (again) return again;
        // A script has removed or replaced them.
        removePair(free);
      }
      const pair = await this.#make();
      const opened = openPair(pair);
      if (opened) return opened;
      removePair(pair);
      throw new Error("they cannot be opened");
    } catch (error) {
      // There is no program of that name; anything else, such as a full disk, may pass.
      this.#isMissing = isErrno(error, "ENOENT");
      this.#log.warn("namedPipesNotUsed", { error: reasonOf(error) });
      return null;
    }
  }

  /**
   * The script has the writing ends now: without the agent's own copies the reading ends see its
   * end.
   */
  started({ stdout, stderr }: OpenPipes): { stdout: OutputSource; stderr: OutputSource } {
    closeSync(stdout.writeFd);
    closeSync(stderr.writeFd);
    return { stdout: pipeSource(stdout.readFd, this.#clock), stderr: pipeSource(stderr.readFd, this.#clock) };
  }

  /** There is no process. */
  abandoned({ pair, stdout, stderr }: OpenPipes): void {
    for (const fd of [stdout.readFd, stdout.writeFd, stderr.readFd, stderr.writeFd]) closeSync(fd);
    this.release(pair, true);
  }

  /**
   * @param isUnused no process has the pair open. Else the next script gets another one, whose
   * output is its own.
   */
  release(pair: Pair, isUnused: boolean): void {
    if (isUnused && !this.#free) this.#free = pair;
    else removePair(pair);
  }

  /** Private, whatever a script has done with it. */
  #ensureFolder(): void {
    // What an earlier agent process left goes: a process may have it open still.
    if (this.#made === 0) rmSync(this.#folder, { recursive: true, force: true });
    try {
      ensureInnerFolder(this.#folder);
    } catch {
      rmSync(this.#folder, { recursive: true, force: true });
      ensureInnerFolder(this.#folder);
    }
  }

  async #make(): Promise<Pair> {
    this.#made += 1;
    const name = (stream: string) => path.join(this.#folder, `${this.#made}.${stream}`);
    const pair = { stdout: name("out"), stderr: name("err") };
    // Others may write: the folder keeps them out, but a script may start a program as another
    // account that opens /dev/stderr.
    await promisify(execFile)("mkfifo", ["-m", "0622", pair.stdout, pair.stderr], {
      timeout: LIMITS.makePipesMs,
      env: { PATH: "/usr/bin:/bin" },
    });
    return pair;
  }
}

function openPair(pair: Pair): OpenPipes | null {
  const stdout = openEnds(pair.stdout);
  if (!stdout) return null;
  const stderr = openEnds(pair.stderr);
  if (stderr) return { pair, stdout, stderr };
  closeSync(stdout.readFd);
  closeSync(stdout.writeFd);
  return null;
}

function openEnds(file: string): Ends | null {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let readFd: number | null = null;
  try {
    readFd = openSync(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    if (!fstatSync(readFd).isFIFO()) throw new Error("it is not a pipe");
    // O_NONBLOCK belongs to this opening; the script's end is one that waits. By its descriptor, as
    // opening what a script had put under the name could wait for a reader.
    return { readFd, writeFd: openSync(`/proc/self/fd/${readFd}`, O_WRONLY) };
  } catch {
    if (readFd !== null) closeSync(readFd);
    return null;
  }
}

function removePair({ stdout, stderr }: Pair): void {
  for (const file of [stdout, stderr]) {
    try {
      rmSync(file, { recursive: true, force: true });
    } catch {
      // The next start of the agent removes it.
    }
  }
}
