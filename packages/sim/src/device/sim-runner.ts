import {
  CANCELLED_TEXT,
  type CommandJob,
  type CommandRef,
  type Runner,
  type RunScriptCommand,
  type ScriptEnd,
  type ScriptStart,
  STOPPED_BEFORE_TEXT,
  STOPPED_TEXT,
  type Transcript,
  type TransferCommand,
  type TransferEnd,
} from "@halligan/agent/simulation";
import { type MonotonicClock, sleep } from "@halligan/protocol/time";
import type { ProcessLifetime } from "../time/process-lifetime.ts";
import { AGENT_USER, checkUser } from "../world/script-users.ts";
import { behaviourOf, MISSING_PATH } from "../world/scripts.ts";
import type { World } from "../world/world.ts";
import { OrderTransfers, resultText } from "./order-transfers.ts";
import type { ProcessTable, SimProcess } from "./process-table.ts";
import { TransferRefusedError, type Transfers } from "./transfers.ts";

export interface CommandWatcher {
  /** A command begins on the device. This is what an outside observer could see. */
  begins(command: CommandRef, type: "RunScript" | "GetFile" | "PutFile"): void;
  ended(command: CommandRef, outcome: "completed" | "failed"): void;
}

export interface RunnerParts {
  world: World;
  lifetime: ProcessLifetime;
  clock: MonotonicClock;
  processes: ProcessTable;
  transfers: Transfers;
  watcher: CommandWatcher;
  /** Its scripts ignore every limit and run until they are ended. */
  neverEnds: boolean;
  deviceName: string;
  /** False in an agent of the previous release. */
  knowsRunAs: boolean;
}

const ENDLESS_MS = 24 * 3_600_000;
const NOT_RUN = { exitCode: -1, ran: false, leftovers: [] };

/**
 * The commands of a simulated device: processes with a duration, and transfers over an unreliable
 * network.
 */
export class SimRunner implements Runner {
  readonly #parts: RunnerParts;
  readonly #orders: OrderTransfers;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#orders = new OrderTransfers(parts.world, parts.transfers);
  }

  async runScript(job: CommandJob<RunScriptCommand>, start: ScriptStart, signal: AbortSignal): Promise<ScriptEnd> {
    const { world, processes, watcher, lifetime, deviceName } = this.#parts;
    const { file, scriptName, runAs } = job.command;
    const notRun = (error: string): ScriptEnd => this.#told(job, { outcome: "failed", errors: [error], ...NOT_RUN });
    if (runAs !== undefined && !this.#parts.knowsRunAs) {
      // An agent of that release refuses the whole order. The server knows that it would.
      world.violated("runsAsItsUser", `a script of ${runAs} was sent to ${deviceName}, which does not know runAs`);
      return notRun("The order is not one that this agent understands.");
    }
    if (!file) return notRun(`There is no library file '${scriptName}'.`);
    try {
      // Often an earlier command has already fetched it.
      if (world.random.chance(0.5)) await this.#orders.fetch(job.actionId, file.sha256, signal);
      await start.granted();
      signal.throwIfAborted();
    } catch (error) {
      if (signal.aborted) return notRun(signal.reason === "agentStops" ? STOPPED_BEFORE_TEXT : CANCELLED_TEXT);
      if (error instanceof TransferRefusedError) return notRun(error.message);
      throw error;
    }
    if (lifetime.isOver) return notRun("the agent is dead");
    watcher.begins(job, "RunScript");
    checkUser(world, deviceName, job.command.args, runAs ?? AGENT_USER);
    const [low, high] = behaviourOf(scriptName).lastsMs;
    const lastsMs = world.random.between(low, high);
    const process = processes.start(job, this.#parts.neverEnds ? ENDLESS_MS : lastsMs);
    return this.#told(job, await this.#follow(job, process, start.spawned(process.ref), signal));
  }

  async transfer(job: CommandJob<TransferCommand>, signal: AbortSignal): Promise<TransferEnd> {
    const { watcher, clock } = this.#parts;
    watcher.begins(job, job.command.type);
    const over = new AbortController();
    const limit = AbortSignal.any([signal, over.signal]);
    const done = new AbortController();
    sleep(clock, job.limits.transferTimeoutMs, AbortSignal.any([signal, done.signal])).then(
      () => over.abort(),
      () => undefined,
    );
    try {
      return this.#told(job, await this.#transfer(job, limit));
    } catch (error) {
      signal.throwIfAborted();
      if (!over.signal.aborted && !(error instanceof TransferRefusedError)) throw error;
      const text = error instanceof TransferRefusedError ? error.message : "The transfer took too long.";
      return this.#told(job, { outcome: "failed", errors: [text], result: null });
    } finally {
      done.abort();
    }
  }

  async inlineTranscript(job: CommandJob<RunScriptCommand>): Promise<Transcript | null> {
    if (behaviourOf(job.command.scriptName).output === "large") return null;
    return { kind: "inline", transcript: resultText(job) };
  }

  async uploadTranscript(
    job: CommandJob<RunScriptCommand>,
    _exitCode: number,
    signal: AbortSignal,
  ): Promise<Transcript | null> {
    try {
      return await this.#orders.upload(job, signal);
    } catch (error) {
      if (error instanceof TransferRefusedError) return null;
      throw error;
    }
  }

  async endOrphans(command: CommandRef): Promise<string[]> {
    const { processes } = this.#parts;
    return this.#end(() =>
      processes.kill(({ actionId, index }) => actionId === command.actionId && index === command.index),
    );
  }

  endAllOrphans(): Promise<string[]> {
    return this.#end(() => this.#parts.processes.kill(() => true));
  }

  async removeOrderFiles(): Promise<void> {}

  async removeOrderFilesExcept(): Promise<void> {}

  async #follow(
    job: CommandJob<RunScriptCommand>,
    process: SimProcess,
    journaled: Promise<void>,
    signal: AbortSignal,
  ): Promise<ScriptEnd> {
    const { clock, processes } = this.#parts;
    journaled.catch(() => undefined);
    const over = new AbortController();
    const limitMs = this.#parts.neverEnds ? ENDLESS_MS : job.limits.scriptTimeoutMs;
    const limit = sleep(clock, limitMs, AbortSignal.any([signal, over.signal])).then(
      () => "timedOut" as const,
      () => "aborted" as const,
    );
    const first = await Promise.race([process.exited, limit]);
    over.abort();
    if (process.isAlive) await this.#end(() => processes.kill((other) => other === process));
    const exitCode = await process.exited;
    await journaled;
    if (typeof first === "number") return { outcome: "completed", errors: [], exitCode, ran: true, leftovers: [] };
    const text = first === "timedOut" ? "The script did not end in time and was stopped." : stopText(signal);
    return { outcome: "failed", errors: [text], exitCode, ran: true, leftovers: [] };
  }

  async #transfer(job: CommandJob<TransferCommand>, signal: AbortSignal): Promise<TransferEnd> {
    const { command } = job;
    if (command.type === "PutFile") {
      if (!command.file) return { outcome: "failed", errors: ["There is no such library file."], result: null };
      await this.#orders.fetch(job.actionId, command.file.sha256, signal);
      return { outcome: "completed", errors: [], result: null };
    }
    if (command.path === MISSING_PATH) return { outcome: "failed", errors: ["There is no such file."], result: null };
    try {
      return { outcome: "completed", errors: [], result: await this.#orders.upload(job, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransferRefusedError)) throw error;
      return { outcome: "failed", errors: [error.message], result: null };
    }
  }

  /** Ending a tree takes time, because processes may resist. */
  async #end(kill: () => void): Promise<string[]> {
    const { world, lifetime } = this.#parts;
    await world.delay(5, 1_500);
    if (!lifetime.isOver) kill();
    return [];
  }

  #told<E extends { outcome: "completed" | "failed" }>(command: CommandRef, end: E): E {
    if (!this.#parts.lifetime.isOver) this.#parts.watcher.ended(command, end.outcome);
    return end;
  }
}

const stopText = (signal: AbortSignal): string => (signal.reason === "agentStops" ? STOPPED_TEXT : CANCELLED_TEXT);
