/**
 * The cgroup in which each command gets its own group. It is determined once, at the agent's start:
 * the agent's own cgroup, or the one that HALLIGAN_AGENT_CGROUP names ("none": no cgroups). Without
 * a writable cgroup, trees are found as on other systems, by parent, group, session and
 * environment, and no command fails.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { err, errorCode, ok, type Result } from "@halligan/protocol/errors";
import type { CommandRef, Log } from "../../core/ports.ts";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { DEFAULT_SETTINGS } from "../../settings.ts";
import { launcherSettings } from "../launcher.ts";
import { ownCgroupFolders } from "./cgroup-mounts.ts";
import { CommandCgroup } from "./command-cgroup.ts";
import { ScriptLimits } from "./script-limits.ts";
import { ThreadMove } from "./thread-move.ts";

type CommandNumbers = Pick<CommandRef, "orderSeq" | "index">;

export interface MadeCgroup {
  group: CommandCgroup;
  /** The file to which a process with one thread writes `0` to enter. */
  entry: string;
  /** Further ones of this kind, for the limits of v1. */
  limitEntries: readonly string[];
  /** Null when a shell has to enter. */
  threadMove: ThreadMove | null;
}

/**
 * A shell that enters the group and then becomes the program. If it cannot enter, it removes the
 * empty group and continues outside.
 */
export function enterAndBecome(
  { group, entry, limitEntries }: Pick<MadeCgroup, "group" | "entry" | "limitEntries">,
  file: string,
  args: readonly string[],
  openFiles: number,
) {
  // A group that cannot be entered is no reason not to run, as for the group of the tree.
  const limits = limitEntries.map((file) => `{ echo 0 >${quoted(file)}; } 2>/dev/null; `).join("");
  const text = '{ echo 0 >"$0" || rmdir "$1" || exit 126; } 2>/dev/null; shift; exec "$@"';
  return {
    file: "/bin/sh",
    args: ["-c", launcherSettings(openFiles) + limits + text, entry, group.folder, file, ...args],
  };
}

const quoted = (file: string): string => `'${file.replaceAll("'", "'\\''")}'`;

export class CgroupHome {
  readonly folder: string;
  readonly #prefix: string;
  readonly #isThreaded: boolean;
  #threadMove: ThreadMove | null = null;
  #limits = ScriptLimits.NONE;

  /**
   * @param machineId hex digits; the groups of other machines' agents on the same device are left
   *   alone
   * @param isThreaded whether groups of v2 are made threaded ones (`command-cgroup.ts`)
   */
  constructor(folder: string, machineId: string, isThreaded = true) {
    if (!/^[0-9a-f]+$/.test(machineId)) throw new Error("a machine id has hex digits only");
    this.folder = folder;
    this.#isThreaded = isThreaded;
    this.#prefix = `halligan-${machineId}-`;
  }

  of({ orderSeq, index }: CommandNumbers): CommandCgroup {
    return this.#groupIn(`${this.#prefix}${orderSeq}-${index}`);
  }

  /**
   * Creates the command's group. Throws on failure. An existing group holds what an earlier agent
   * process started.
   */
  make(command: CommandNumbers): MadeCgroup {
    const group = this.of(command);
    try {
      mkdirSync(group.folder);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      group.kill();
      if (group.pids().length > 0) throw new Error("an earlier process of this command is still there");
    }
    const entry = group.prepareEntry(this.#isThreaded && this.#limits.allowsThreadedGroups);
    const limitEntries = this.#limits.apply(group.folder);
    // The agent's thread would be limited while it is inside, and its memory counted there.
    const mayMove = this.#threadMove?.isUsable && this.#maySelfEnter(limitEntries);
    const threadMove = mayMove ? this.#threadMove : null;
    return { group, entry, limitEntries, threadMove };
  }

  /** Called once, before the first command. */
  useLimits(limits: ScriptLimits): void {
    this.#limits = limits;
    limits.removeLeft(this.#prefix, (name) => existsSync(path.join(this.folder, name)));
  }

  #maySelfEnter(limitEntries: readonly string[]): boolean {
    return limitEntries.length === 0 && this.#limits.allowsThreadedGroups;
  }

  #groupIn(name: string): CommandCgroup {
    return new CommandCgroup(path.join(this.folder, name), process.pid, this.#limits);
  }

  /** Called once, when a shell could enter the groups. */
  useThreadMove(entry: string): boolean {
    this.#threadMove = ThreadMove.open(this.folder, path.basename(entry));
    return this.#threadMove !== null;
  }

  /** Every existing group of this machine's commands. */
  all(): CommandCgroup[] {
    try {
      return readdirSync(this.folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name.startsWith(this.#prefix))
        .map((entry) => this.#groupIn(entry.name));
    } catch {
      return [];
    }
  }
}

/** Null when the agent can have no cgroups. Never throws. Logs the result. */
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
        const probed = probe(home);
        if (probed.ok) {
          log.info("cgroupsUsed", { folder, isThreaded, entersItself: home.useThreadMove(probed.value) });
          return home;
        }
        reason = probed.error;
      }
    }
  } catch (error) {
    reason = reasonOf(error);
  }
  log.warn("cgroupsNotUsed", { reason });
  return null;
}

/**
 * Returns how a process is put into a group there, or why none can be. The rights of the folder
 * alone do not show that.
 */
function probe(home: CgroupHome): Result<string, string> {
  const group = home.of({ orderSeq: 0, index: 0 });
  try {
    const made = home.make({ orderSeq: 0, index: 0 });
    if (!existsSync(made.entry)) return err(`${home.folder}: it is not a cgroup`);
    // Fails when the shell could not enter, because the shell has removed the group then.
    const { file, args } = enterAndBecome(made, "/bin/cat", [made.entry], DEFAULT_SETTINGS.scriptOpenFiles);
    execFileSync(file, args, { stdio: "ignore", timeout: 5_000 });
    return ok(made.entry);
  } catch (error) {
    return err(`${home.folder}: ${errorCode(error) ? reasonOf(error) : "a process cannot be put into it"}`);
  } finally {
    group.remove();
  }
}
