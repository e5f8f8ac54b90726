/** The cgroups of this agent's commands: where new ones are made, and where those of an earlier agent process may be. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { CommandRef, Log } from "../../core/ports.ts";
import { replaceFile } from "../../disk/durable.ts";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { CgroupHome, findCgroupHome, type MadeCgroup } from "./cgroup-home.ts";
import type { CommandCgroup } from "./command-cgroup.ts";

export class Cgroups {
  readonly #log: Log;
  readonly #home: CgroupHome | null;
  readonly #homes: readonly CgroupHome[];

  /** @param former an earlier agent process may have run in another cgroup than this one */
  constructor(log: Log, home: CgroupHome | null, former: CgroupHome | null = null) {
    this.#log = log;
    this.#home = home;
    this.#homes = [home, former].filter((found) => found !== null);
  }

  /** A group for this command, or null where there can be none: then the tree is found in the other ways. */
  make(command: CommandRef): MadeCgroup | null {
    try {
      return this.#home?.make(command) ?? null;
    } catch (error) {
      const { actionId, index } = command;
      this.#log.warn("cgroupNotMade", { actionId, index, error: reasonOf(error) });
      return null;
    }
  }

  /** What an earlier agent process made for this command. */
  of(command: CommandRef): CommandCgroup[] {
    return this.#homes.map((home) => home.of(command)).filter((group) => group.exists);
  }

  all(): CommandCgroup[] {
    return this.#homes.flatMap((home) => home.all());
  }

  /** At the agent's start, when every script that the journal knows of is ended. */
  removeAll(isKept: (group: CommandCgroup) => boolean): void {
    for (const group of this.all()) {
      // Where nothing that was kept runs any more, the group goes as well.
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
}): Promise<Cgroups> {
  const { root, machineId, env, log } = options;
  const home = findCgroupHome({ machineId, configured: env.HALLIGAN_AGENT_CGROUP, log });
  const file = path.join(root, "cgroup-home");
  const before = await readText(file);
  const former = before !== null && before !== home?.folder ? new CgroupHome(before, machineId) : null;
  if (home && before !== home.folder && (!former || former.all().length === 0)) {
    // As long as something may be left there, the earlier place is remembered.
    await replaceFile(file, home.folder).catch((error: unknown) => {
      log.warn("cgroupHomeNotKept", { error: reasonOf(error) });
    });
  }
  return new Cgroups(log, home, former);
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
