/**
 * Processes that scripts left running on purpose (`keepProcesses`). They are recorded in a file
 * next to the journal, because the journal removes an order when the server has its end. Neither a
 * restart of the agent nor a lost journal may end them. A process that ended by itself is removed
 * from the file.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { ActionId, CommandIndex, OrderSeq } from "@halligan/protocol/link";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { CommandRef, Log } from "../core/ports.ts";
import { replaceFile } from "../disk/durable.ts";
import { isErrno, reasonOf } from "../disk/errno.ts";
import { LIMITS } from "../limits.ts";
import type { AgentSettings } from "../settings.ts";
import type { Cgroups } from "./cgroups/cgroups.ts";
import type { CommandCgroup } from "./cgroups/command-cgroup.ts";
import type { OutputSource } from "./output-source.ts";
import { hasEnvironment, listProcesses } from "./tree/process-table.ts";

const FILE = "kept-processes.json";
const closed = { additionalProperties: false } as const;

const KeptCommand = Type.Object(
  {
    actionId: ActionId,
    orderSeq: OrderSeq,
    index: CommandIndex,
    processes: Type.Array(Type.Object({ pid: Type.Integer(), startTime: Type.String() }, closed)),
  },
  closed,
);
type KeptCommand = Static<typeof KeptCommand>;

const file = Compile(Type.Object({ bootId: Type.String(), commands: Type.Array(KeptCommand) }, closed));

export interface KeptProcessesDeps {
  /** The data folder. */
  root: string;
  bootId: string;
  cgroups: Cgroups;
  log: Log;
  settings: Pick<AgentSettings, "maxKeptCommands" | "maxKeptOutputs">;
  /** How a process of the command is known by its environment. */
  markOf(command: CommandRef): readonly string[];
}

export class KeptProcesses {
  readonly #deps: KeptProcessesDeps;
  #commands: KeptCommand[];
  /**
   * Outputs that kept processes still have open: read and dropped, as they would get SIGPIPE when
   * they write.
   */
  readonly #outputs: OutputSource[] = [];

  /** Nothing outlives a restart of the device: a list of another boot is empty. */
  constructor(deps: KeptProcessesDeps) {
    this.#deps = deps;
    this.#commands = this.#read();
  }

  /** Groups that have the name of this command's and hold what another action left. */
  groupsOfOthers(command: CommandRef): CommandCgroup[] {
    if (this.#commands.length === 0 || this.#has(command)) return [];
    return this.#deps.cgroups.of(command).filter((group) => this.hasGroup(group));
  }

  #has(command: CommandRef): boolean {
    return this.#commands.some((kept) => isSame(kept, command));
  }

  hasGroup(group: CommandCgroup): boolean {
    return this.#commands.some((kept) => this.#deps.cgroups.of(kept).some(({ folder }) => folder === group.folder));
  }

  /** Of each command, what its processes carry in their environment. */
  marks(): (readonly string[])[] {
    return this.#commands.map((kept) => this.#deps.markOf(kept));
  }

  /**
   * Durable when it resolves. Rejects when the disk refuses: they run on, but a restart of the
   * agent ends them.
   */
  async keep(command: CommandRef, processes: readonly { pid: number; startTime: string }[]): Promise<void> {
    const { actionId, orderSeq, index } = command;
    const kept = {
      actionId,
      orderSeq,
      index,
      processes: processes.map(({ pid, startTime }) => ({ pid, startTime })).slice(0, LIMITS.maxKeptPids),
    };
    const others = this.#living().filter((other) => !isSame(other, command));
    if (others.length >= this.#deps.settings.maxKeptCommands) {
      throw new Error(`${others.length} scripts have left processes running already, which is the limit`);
    }
    this.#commands = [...others, kept];
    await this.#write();
  }

  /** The agent died before the end of this command was on disk: its processes are ended with it. */
  async remove(command: CommandRef): Promise<void> {
    if (!this.#has(command)) return;
    this.#commands = this.#commands.filter((kept) => !isSame(kept, command));
    await this.#write().catch((error: unknown) => {
      this.#deps.log.warn("keptProcessesNotWritten", { error: reasonOf(error) });
    });
  }

  /** Goes on being read until its end, or until too many are: then the oldest is closed. */
  holdOutput(output: OutputSource, ended: Promise<void>): void {
    this.#outputs.push(output);
    void ended.then(() => {
      const at = this.#outputs.indexOf(output);
      if (at !== -1) this.#outputs.splice(at, 1);
    });
    if (this.#outputs.length > this.#deps.settings.maxKeptOutputs) this.#outputs.shift()?.close();
  }

  /** Removes the groups in which nothing runs any more, and their commands. */
  #living(): KeptCommand[] {
    const table = new Map(listProcesses().map((entry) => [entry.pid, entry.startTime]));
    return this.#commands.filter((kept) => {
      const groups = this.#deps.cgroups.of(kept).filter((group) => !group.removeEmpty());
      if (groups.some((group) => group.exists)) return true;
      if (kept.processes.some(({ pid, startTime }) => table.get(pid) === startTime)) return true;
      const mark = this.#deps.markOf(kept);
      return [...table.keys()].some((pid) => hasEnvironment(pid, mark));
    });
  }

  #read(): KeptCommand[] {
    const { root, bootId, log } = this.#deps;
    let text: string;
    try {
      text = readFileSync(path.join(root, FILE), "utf8");
    } catch (error) {
      if (!isErrno(error, "ENOENT")) log.error("keptProcessesNotRead", { error: reasonOf(error) });
      return [];
    }
    const value = parsed(text);
    if (!file.Check(value)) {
      log.error("keptProcessesNotRead", { error: "the file is not one that the agent wrote" });
      return [];
    }
    return value.bootId === bootId ? value.commands : [];
  }

  async #write(): Promise<void> {
    const { root, bootId } = this.#deps;
    await replaceFile(path.join(root, FILE), JSON.stringify({ bootId, commands: this.#commands }));
  }
}

function isSame(kept: KeptCommand, { actionId, orderSeq, index }: CommandRef): boolean {
  return kept.actionId === actionId && kept.orderSeq === orderSeq && kept.index === index;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
