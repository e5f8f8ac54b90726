import type { CommandRef, ProcessRef } from "@halligan/agent/simulation";
import type { World } from "../world/world.ts";

export interface SimProcess extends CommandRef {
  ref: ProcessRef;
  /** Resolves to the exit code when the process exits or is ended. */
  exited: Promise<number>;
  isAlive: boolean;
}

/**
 * Scripts that run on a device. They outlive the agent that started them, until they exit or are
 * ended.
 */
export class ProcessTable {
  readonly #world: World;
  readonly #living = new Map<SimProcess, (exitCode: number) => void>();
  #bootId = "boot-1";
  #boots = 1;
  #nextPid = 100;

  constructor(world: World) {
    this.#world = world;
  }

  get living(): readonly SimProcess[] {
    return [...this.#living.keys()];
  }

  get bootId(): string {
    return this.#bootId;
  }

  start(command: CommandRef, lastsMs: number): SimProcess {
    this.#nextPid += 1;
    const { promise, resolve } = Promise.withResolvers<number>();
    const { actionId, orderSeq, index } = command;
    const ref = { pid: this.#nextPid, startTime: String(this.#world.timeline.nowMs), bootId: this.#bootId };
    const process: SimProcess = { actionId, orderSeq, index, ref, exited: promise, isAlive: true };
    this.#living.set(process, resolve);
    this.#world.timeline.after(lastsMs, () => this.#end(process, 0));
    return process;
  }

  kill(matches: (process: SimProcess) => boolean): void {
    for (const process of this.living) if (matches(process)) this.#end(process, 137);
  }

  /** The device restarts. All processes end, and their numbers are reused. */
  reboot(): void {
    this.kill(() => true);
    this.#boots += 1;
    this.#bootId = `boot-${this.#boots}`;
  }

  #end(process: SimProcess, exitCode: number): void {
    process.isAlive = false;
    this.#living.get(process)?.(exitCode);
    this.#living.delete(process);
  }
}
