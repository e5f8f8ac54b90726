/**
 * The cgroup under which each command gets one of its own. Found once, at the agent's start: its own cgroup, or the one
 * that HALLIGAN_AGENT_CGROUP names ("none": no cgroups). Where there is none that the agent may write, trees are found as
 * on other systems, by parent, group, session and environment; nothing fails for it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { CommandRef, Log } from "../../core/ports.ts";
import { errnoOf, isErrno, reasonOf } from "../../disk/errno.ts";
import { LAUNCHER_SETTINGS } from "../launcher.ts";
import { ownCgroupFolders } from "./cgroup-mounts.ts";
import { CommandCgroup } from "./command-cgroup.ts";

type CommandNumbers = Pick<CommandRef, "orderSeq" | "index">;

export interface MadeCgroup {
  group: CommandCgroup;
  /** Where a process with one thread enters by writing `0`. */
  entry: string;
}

/** A shell that enters and becomes the program; where it cannot enter, it takes the empty group away and goes on outside. */
export function enterAndBecome({ group, entry }: MadeCgroup, file: string, args: readonly string[]) {
  const text = '{ echo 0 >"$0" || rmdir "$1" || exit 126; } 2>/dev/null; shift; exec "$@"';
  return { file: "/bin/sh", args: ["-c", LAUNCHER_SETTINGS + text, entry, group.folder, file, ...args] };
}

export class CgroupHome {
  readonly folder: string;
  readonly #prefix: string;
  readonly #isThreaded: boolean;

  /**
   * @param machineId hex digits; the groups of other machines' agents on the same device are left alone
   * @param isThreaded whether groups of v2 are made threaded ones (`command-cgroup.ts`)
   */
  constructor(folder: string, machineId: string, isThreaded = true) {
    if (!/^[0-9a-f]+$/.test(machineId)) throw new Error("a machine id has hex digits only");
    this.folder = folder;
    this.#isThreaded = isThreaded;
    this.#prefix = `halligan-${machineId}-`;
  }

  of({ orderSeq, index }: CommandNumbers): CommandCgroup {
    return new CommandCgroup(path.join(this.folder, `${this.#prefix}${orderSeq}-${index}`));
  }

  /** Makes the command's group. Rejects by throwing; one that is there holds what an earlier agent process started. */
  make(command: CommandNumbers): MadeCgroup {
    const group = this.of(command);
    try {
      mkdirSync(group.folder);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      group.kill();
      if (group.pids().length > 0) throw new Error("an earlier process of this command is still there");
    }
    return { group, entry: group.prepareEntry(this.#isThreaded) };
  }

  /** Every group of this machine's commands that is there. */
  all(): CommandCgroup[] {
    try {
      return readdirSync(this.folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name.startsWith(this.#prefix))
        .map((entry) => new CommandCgroup(path.join(this.folder, entry.name)));
    } catch {
      return [];
    }
  }
}

/** Null where the agent can have no cgroups. Never throws; says in the log what it found. */
export function findCgroupHome(options: {
  machineId: string;
  configured: string | undefined;
  log: Log;
}): CgroupHome | null {
  const { machineId, configured, log } = options;
  if (process.platform !== "linux" || configured === "none") return null;
  let reason = "no cgroup hierarchy that could be used is mounted";
  try {
    const folders = configured
      ? [configured]
      : ownCgroupFolders(readFileSync("/proc/self/cgroup", "utf8"), readFileSync("/proc/self/mountinfo", "utf8"));
    for (const folder of folders) {
      for (const isThreaded of [true, false]) {
        const home = new CgroupHome(folder, machineId, isThreaded);
        const refused = probe(home);
        if (refused === null) {
          log.info("cgroupsUsed", { folder, isThreaded });
          return home;
        }
        reason = refused;
      }
    }
  } catch (error) {
    reason = reasonOf(error);
  }
  log.warn("cgroupsNotUsed", { reason });
  return null;
}

/** Whether a process can be put into a group there: rights on the folder alone do not say so. Answers with why not. */
function probe(home: CgroupHome): string | null {
  const group = home.of({ orderSeq: 0, index: 0 });
  try {
    const made = home.make({ orderSeq: 0, index: 0 });
    if (!existsSync(made.entry)) return `${home.folder}: it is not a cgroup`;
    // Fails when the shell could not enter, as the group is gone then.
    const { file, args } = enterAndBecome(made, "/bin/cat", [made.entry]);
    execFileSync(file, args, { stdio: "ignore", timeout: 5_000 });
    return null;
  } catch (error) {
    return `${home.folder}: ${errnoOf(error) ? reasonOf(error) : "a process cannot be put into it"}`;
  } finally {
    group.remove();
  }
}
