/**
 * Limits of a script's cgroup: CPU weight, memory and processes. In v2 they are files of the
 * command's own group. In v1 each controller has a hierarchy of its own, so the command gets a
 * second group there. What this device cannot do is said once, at the agent's start.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { controllerFolders } from "./cgroup-mounts.ts";

export interface WantedLimits {
  /** 1 to 10,000; 100 is what a group has by itself. 0: not set. */
  scriptCpuWeight: number;
  /** 0: no limit. */
  scriptMemoryBytes: number;
  /** Processes and threads of one script. 0: no limit. */
  maxScriptProcesses: number;
}

type Controller = "cpu" | "memory" | "pids";

interface Limit {
  controller: Controller;
  /** The name of its setting. */
  setting: string;
  value: number;
  v2: { file: string; text: string };
  v1: { file: string; text: string };
}

/** A CPU weight of v2 as shares of v1, where 1,024 is what a group has by itself. */
const sharesOf = (weight: number): number => Math.max(2, Math.round((weight * 1_024) / 100));

function limitsOf({ scriptCpuWeight, scriptMemoryBytes, maxScriptProcesses }: WantedLimits): Limit[] {
  const same = (file: string, value: number) => ({ file, text: String(value) });
  return [
    {
      controller: "cpu" as const,
      setting: "script_cpu_weight",
      value: scriptCpuWeight,
      v2: same("cpu.weight", scriptCpuWeight),
      v1: same("cpu.shares", sharesOf(scriptCpuWeight)),
    },
    {
      controller: "memory" as const,
      setting: "script_memory_bytes",
      value: scriptMemoryBytes,
      v2: same("memory.max", scriptMemoryBytes),
      v1: same("memory.limit_in_bytes", scriptMemoryBytes),
    },
    {
      controller: "pids" as const,
      setting: "max_script_processes",
      value: maxScriptProcesses,
      v2: same("pids.max", maxScriptProcesses),
      v1: same("pids.max", maxScriptProcesses),
    },
  ].filter(({ value }) => value > 0);
}

interface PlacedLimit extends Limit {
  /** The folder of v1 in which the second group is made; null in v2. */
  v1Folder: string | null;
}

export class ScriptLimits {
  readonly #placed: readonly PlacedLimit[];
  /** What was asked for and cannot be done, in words. */
  readonly unavailable: readonly string[];

  private constructor(placed: readonly PlacedLimit[], unavailable: readonly string[]) {
    this.#placed = placed;
    this.unavailable = unavailable;
  }

  static readonly NONE = new ScriptLimits([], []);

  /**
   * Tries each wanted limit once.
   *
   * @param home the folder in which commands get their groups; null when they get none
   * @param folderOf the agent's own cgroup of a v1 controller; null when there is none
   */
  static open(
    wanted: WantedLimits,
    home: string | null,
    folderOf: (controller: string) => string | null = ownControllerFolder,
  ): ScriptLimits {
    const placed: PlacedLimit[] = [];
    const unavailable: string[] = [];
    for (const limit of limitsOf(wanted)) {
      const found = home === null ? "this agent has no cgroups for its scripts" : place(limit, home, folderOf);
      if (typeof found === "string") unavailable.push(`${limit.setting}: ${found}`);
      else placed.push(found);
    }
    return new ScriptLimits(placed, unavailable);
  }

  /** In force, in words. */
  get texts(): string[] {
    return this.#placed.map(({ setting, value, v1Folder }) => {
      return `${setting} ${value} (cgroup ${v1Folder === null ? "v2" : "v1"})`;
    });
  }

  /** A memory limit of v2 needs a group that is not a threaded one. */
  get allowsThreadedGroups(): boolean {
    return !this.#placed.some(({ controller, v1Folder }) => controller === "memory" && v1Folder === null);
  }

  /** Folders in which {@link apply} makes second groups. */
  get #v1Folders(): string[] {
    return this.#placed.flatMap(({ v1Folder }) => v1Folder ?? []);
  }

  /**
   * Sets the limits of an empty group, and makes its second groups. Returns the files to which the
   * script's first process writes `0` as well. Throws on failure.
   */
  apply(group: string): string[] {
    return this.#placed.flatMap(({ v1Folder, v1, v2 }) => {
      if (v1Folder === null) {
        set(group, v2);
        return [];
      }
      const second = path.join(v1Folder, path.basename(group));
      try {
        mkdirSync(second);
      } catch (error) {
        if (!isErrno(error, "EEXIST")) throw error;
      }
      set(second, v1);
      return [path.join(second, "tasks")];
    });
  }

  /** Second groups of the command. What still has a process is removed by the next start. */
  remove(group: string): void {
    for (const folder of this.#v1Folders) removeFolder(path.join(folder, path.basename(group)));
  }

  /** Of commands whose group is gone. */
  removeLeft(prefix: string, isThere: (name: string) => boolean): void {
    for (const folder of this.#v1Folders) {
      for (const name of readdirSync(folder)) {
        if (name.startsWith(prefix) && !isThere(name)) removeFolder(path.join(folder, name));
      }
    }
  }
}

/** A text says why it cannot be. */
function place(limit: Limit, home: string, folderOf: (controller: string) => string | null): PlacedLimit | string {
  const inV2 = enable(home, limit);
  if (inV2 === null) return { ...limit, v1Folder: null };
  const v1Folder = folderOf(limit.controller);
  if (v1Folder === null) return inV2;
  const probe = path.join(v1Folder, `halligan-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    set(probe, limit.v1);
    return { ...limit, v1Folder };
  } catch (error) {
    return `the cgroup ${v1Folder} cannot be used: ${reasonOf(error)}`;
  } finally {
    removeFolder(probe);
  }
}

/** Null when groups below `home` can have this limit. */
function enable(home: string, { controller, v2 }: Limit): string | null {
  let controllers: string[];
  try {
    controllers = readFileSync(path.join(home, "cgroup.controllers"), "utf8").trim().split(" ");
  } catch {
    return "the agent's cgroup is not of version 2";
  }
  if (!controllers.includes(controller)) return `the agent's cgroup has no ${controller} controller`;
  const probe = path.join(home, `halligan-probe-${process.pid}`);
  try {
    writeFileSync(path.join(home, "cgroup.subtree_control"), `+${controller}`, { flag: "r+" });
    mkdirSync(probe);
    set(probe, v2);
    return null;
  } catch (error) {
    if (isErrno(error, "EBUSY", "EOPNOTSUPP", "ENOTSUP")) {
      return `the agent's own cgroup has processes, so it cannot limit ${controller} below it; see docs/agent.md`;
    }
    return `the ${controller} controller cannot be used: ${reasonOf(error)}`;
  } finally {
    removeFolder(probe);
  }
}

function set(group: string, { file, text }: Limit["v1"]): void {
  writeFileSync(path.join(group, file), text, { flag: "r+" });
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not there, or a process is still in it.
  }
}

function ownControllerFolder(controller: string): string | null {
  if (process.platform !== "linux") return null;
  try {
    const [self, mounts] = ["/proc/self/cgroup", "/proc/self/mountinfo"].map((file) => readFileSync(file, "utf8"));
    return controllerFolders(self ?? "", mounts ?? "", controller)[0] ?? null;
  } catch {
    return null;
  }
}
