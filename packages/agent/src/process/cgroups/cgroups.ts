/**
 * The cgroups of this agent's commands: the place of new ones, and the places where an earlier
 * agent process may have created some.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { CommandRef, Log } from "../../core/ports.ts";
import { replaceFile } from "../../disk/durable.ts";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { CgroupHome, findCgroupHome, type MadeCgroup } from "./cgroup-home.ts";
import type { CommandCgroup } from "./command-cgroup.ts";
import { ScriptLimits, type WantedLimits } from "./script-limits.ts";

export class Cgroups {
  readonly #log: Log;
  readonly #home: CgroupHome | null;
  readonly #homes: readonly CgroupHome[];
  readonly limits: ScriptLimits;

  /** @param former an earlier agent process may have run in another cgroup than this one */
  constructor(
    log: Log,
    home: CgroupHome | null,
    former: CgroupHome | null = null,
    limits: ScriptLimits = ScriptLimits.NONE,
  ) {
    this.limits = limits;
    this.#log = log;
    this.#home = home;
    this.#homes = [home, former].filter((found) => found !== null);
  }

  /**
   * Creates a group for this command. Returns null when none is possible; the tree is then found by
   * other means.
   */
  make(command: CommandRef): MadeCgroup | null {
    try {
      return this.#home?.make(command) ?? null;
    } catch (error) {
      const { actionId, index } = command;
      this.#log.warn("cgroupNotMade", { actionId, index, error: reasonOf(error) });
      return null;
    }
  }

  /** Groups that an earlier agent process created for this command. */
  of(command: CommandRef): CommandCgroup[] {
    return this.#homes.map((home) => home.of(command)).filter((group) => group.exists);
  }

  all(): CommandCgroup[] {
    return this.#homes.flatMap((home) => home.all());
  }

  /** Called at the agent's start, when every script in the journal has ended. */
  removeAll(isKept: (group: CommandCgroup) => boolean): void {
    for (const group of this.all()) {
      // A group of kept processes is removed too when all of them have ended.
      if (isKept(group)) {
        group.removeEmpty();
        continue;
      }
      const pids = group.pids();
      if (pids.length > 0) this.#log.warn("strayProcessesEnded", { count: pids.length });
      group.kill();
      group.remove();
    }
  }
}

/** @param root the data folder; it remembers where an earlier agent process had its groups */
export async function openCgroups(options: {
  root: string;
  machineId: string;
  env: NodeJS.ProcessEnv;
  log: Log;
  settings?: WantedLimits;
}): Promise<Cgroups> {
  const { root, machineId, env, log, settings } = options;
  const home = findCgroupHome({ machineId, configured: env.HALLIGAN_AGENT_CGROUP, log });
  const file = path.join(root, "cgroup-home");
  const before = await readText(file);
  const former = before !== null && before !== home?.folder ? new CgroupHome(before, machineId) : null;
  if (home && before !== home.folder && (!former || former.all().length === 0)) {
    // The earlier place is recorded as long as something may be left there.
    await replaceFile(file, home.folder).catch((error: unknown) => {
      log.warn("cgroupHomeNotKept", { error: reasonOf(error) });
    });
  }
  const limits = settings ? ScriptLimits.open(settings, home?.folder ?? null) : ScriptLimits.NONE;
  home?.useLimits(limits);
  for (const reason of limits.unavailable) log.warn("scriptLimitUnavailable", { reason });
  return new Cgroups(log, home, former, limits);
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
