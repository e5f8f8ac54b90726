/**
 * Starts a process inside a group without a program in between: the agent's main thread enters the
 * group, starts the process, which inherits the group, and leaves again. Each move takes 0.1 ms,
 * because a thread that moves itself waits for nothing. With a shell that enters first, an order
 * takes 40 % more processor time.
 *
 * Only for groups that single threads can enter, and only where the agent's own thread is in the
 * folder around them. Elsewhere the shell enters (`cgroup-home.ts`).
 */
import { closeSync, constants, existsSync, openSync, readSync, writeSync } from "node:fs";
import path from "node:path";
import { isErrno } from "../../disk/errno.ts";

/** These files move the thread that writes `0`. `cgroup.procs` moves a whole process. */
const THREAD_FILES = ["cgroup.threads", "tasks"];
const RETURN_TRIES = 100;
const { O_RDWR } = constants;

export class ThreadMove {
  /** Open as long as the agent runs. */
  readonly #homeFd: number;
  #isUsable = true;
  /** More than one thread of a group is rare: the group is read before its script has begun. */
  readonly #read = Buffer.allocUnsafeSlow(4096);

  private constructor(homeFd: number) {
    this.#homeFd = homeFd;
  }

  /** @returns null where the agent's thread is elsewhere, or cannot come back */
  static open(home: string, entryName: string): ThreadMove | null {
    if (!THREAD_FILES.includes(entryName)) return null;
    let homeFd: number | null = null;
    try {
      homeFd = openSync(path.join(home, entryName), O_RDWR);
      if (!threadsIn(homeFd).includes(process.pid)) throw new Error("the agent is in another cgroup");
      // No move yet, but the permission and the kind of the cgroup are checked.
      writeSync(homeFd, "0");
      return new ThreadMove(homeFd);
    } catch {
      if (homeFd !== null) closeSync(homeFd);
      return null;
    }
  }

  /** False after the thread could not leave a group: the shell enters from then on. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /**
   * `start` is synchronous. Returns null, without a start, when the group cannot be entered. Throws
   * what `start` throws.
   */
  within<T>(entry: string, start: () => T): { started: T } | null {
    let fd: number | null = null;
    try {
      fd = openSync(entry, O_RDWR);
      writeSync(fd, "0");
    } catch {
      if (fd !== null) closeSync(fd);
      return null;
    }
    try {
      return { started: start() };
    } finally {
      this.#isUsable = this.#leave();
      this.#expelThreads(fd);
      closeSync(fd);
    }
  }

  #leave(): boolean {
    for (let tries = 0; tries < RETURN_TRIES; tries++) {
      try {
        writeSync(this.#homeFd, "0");
        return true;
      } catch (error) {
        // Anything else does not pass.
        if (!isErrno(error, "EAGAIN", "EINTR", "EBUSY")) return false;
      }
    }
    return false;
  }

  /** A runtime may have made threads while its main thread was inside. They inherited the group. */
  #expelThreads(fd: number): void {
    try {
      const size = readSync(fd, this.#read, 0, this.#read.length, 0);
      for (const thread of numbers(this.#read.toString("latin1", 0, size))) {
        if (existsSync(`/proc/self/task/${thread}`)) writeSync(this.#homeFd, String(thread));
      }
    } catch {
      // The thread has ended, or the group is gone.
    }
  }
}

function threadsIn(fd: number): number[] {
  const parts: string[] = [];
  const block = Buffer.allocUnsafeSlow(65_536);
  for (;;) {
    const size = readSync(fd, block, 0, block.length, null);
    if (size === 0) return numbers(parts.join(""));
    parts.push(block.toString("latin1", 0, size));
  }
}

const numbers = (text: string) => text.split("\n").filter(Boolean).map(Number);
