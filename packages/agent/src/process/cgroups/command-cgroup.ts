/**
 * One command's control group. A process cannot leave it by forking, by a session of its own, by
 * clearing its environment or by losing its parent, so it names the whole tree; only root, or a
 * service manager on its behalf, moves a process out on purpose. cgroupfs is memory of the kernel:
 * these calls wait for no disk.
 *
 * A v2 group is made a threaded one if possible. A single thread enters a threaded group at once
 * (0.05 ms). A process that enters an ordinary group waits for every processor of the device (9 to
 * 14 ms, measured on Linux 6.18 with orders 20 ms apart). A threaded group has no `cgroup.kill`, so
 * the agent freezes it before it kills its processes, and nothing can fork meanwhile. It must be
 * directly below the agent's own cgroup; elsewhere an ordinary group is used.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LIMITS } from "../../limits.ts";
import { signalProcess } from "../signal-process.ts";
import { ScriptLimits } from "./script-limits.ts";

/** v2 from Linux 5.2, and v1. */
const FREEZERS = [
  { file: "cgroup.freeze", on: "1", off: "0" },
  { file: "freezer.state", on: "FROZEN", off: "THAWED" },
] as const;

export class CommandCgroup {
  readonly folder: string;
  readonly #ownPid: number;
  readonly #limits: ScriptLimits;

  constructor(folder: string, ownPid: number = process.pid, limits: ScriptLimits = ScriptLimits.NONE) {
    this.folder = folder;
    this.#ownPid = ownPid;
    this.#limits = limits;
  }

  get exists(): boolean {
    return existsSync(this.folder);
  }

  /**
   * Prepares an empty group. Returns the file to which a process with one thread writes `0` to
   * enter.
   */
  prepareEntry(isThreaded: boolean): string {
    const inside = (name: string) => path.join(this.folder, name);
    const mayBeThreaded = isThreaded && existsSync(inside("cgroup.freeze"));
    if (mayBeThreaded && this.#write("cgroup.type", "threaded")) return inside("cgroup.threads");
    return inside(existsSync(inside("tasks")) ? "tasks" : "cgroup.procs");
  }

  /**
   * The living processes in the group and in groups that the script created below it. Never the
   * agent's own process.
   */
  pids(): number[] {
    return processesIn(this.folder).filter((pid) => pid !== this.#ownPid);
  }

  /**
   * Sends SIGKILL to the whole group. It also reaches processes that are forked meanwhile, unless
   * the kernel can neither kill nor freeze a group.
   */
  kill(): void {
    // A script with all rights may have moved the agent into the group. The group is then neither
    // killed nor frozen as a whole.
    const isOwnHere = processesIn(this.folder).includes(this.#ownPid);
    // Linux 5.14, and not for a threaded group.
    if (!isOwnHere && this.#write("cgroup.kill", "1")) return;
    const freezer = isOwnHere ? undefined : FREEZERS.find(({ file, on }) => this.#write(file, on));
    const signalled = new Set<number>();
    for (let round = 0; round < LIMITS.cgroupKillRounds; round++) {
      const fresh = this.pids().filter((pid) => !signalled.has(pid));
      if (fresh.length === 0) break;
      for (const pid of fresh) {
        signalled.add(pid);
        signalProcess(pid, "SIGKILL");
      }
    }
    // A frozen process of v1 dies when it is thawed.
    if (freezer) this.#write(freezer.file, freezer.off);
  }

  /**
   * True when the group existed, was empty, and is now removed. Also false when the script's first
   * process could not enter, because that process has removed the group then (`cgroup-home.ts`).
   */
  removeEmpty(): boolean {
    try {
      rmdirSync(this.folder);
      this.#limits.remove(this.folder);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Removes the group and the groups that the script created below it. False while processes are in
   * it.
   */
  remove(): boolean {
    const isRemoved = removeTree(this.folder);
    if (isRemoved) this.#limits.remove(this.folder);
    return isRemoved;
  }

  #write(name: string, text: string): boolean {
    try {
      writeFileSync(path.join(this.folder, name), text, { flag: "r+" });
      return true;
    } catch {
      return false;
    }
  }
}

/**
 * 0 and negative numbers are processes of another PID namespace. Only operations on the whole group
 * reach them.
 */
function processesIn(folder: string): number[] {
  const pids = new Set<number>();
  for (const pid of numbersOf(path.join(folder, "cgroup.procs")) ?? threadOwners(folder)) if (pid > 1) pids.add(pid);
  for (const inner of foldersIn(folder)) for (const pid of processesIn(inner)) pids.add(pid);
  return [...pids];
}

/** A threaded group lists threads, not processes. */
function threadOwners(folder: string): number[] {
  const threads = numbersOf(path.join(folder, "cgroup.threads")) ?? [];
  return threads.map((thread) => {
    try {
      const [, owner] = /^Tgid:\s+(\d+)$/m.exec(readFileSync(`/proc/${thread}/status`, "latin1")) ?? [];
      return Number(owner ?? 0);
    } catch {
      return 0;
    }
  });
}

function numbersOf(file: string): number[] | null {
  try {
    const text = readFileSync(file, "latin1").trim();
    return text === "" ? [] : text.split("\n").map(Number);
  } catch {
    return null;
  }
}

function removeTree(folder: string): boolean {
  for (const inner of foldersIn(folder)) removeTree(inner);
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(folder, entry.name));
  } catch {
    return [];
  }
}
