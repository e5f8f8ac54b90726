import { type Static, Type } from "typebox";
import type { World } from "../world.ts";

/** What the attacker's process gets: plain data, because it crosses a process border as JSON. */
export const AttackTarget = Type.Object({
  /**
   * Without a trailing slash. In the baseline measurement it is a server that answers 404 to
   * everything.
   */
  baseUrl: Type.String(),
  tenant: Type.String(),
  /**
   * Local address of the attacker's sockets, so that limits per address do not count honest
   * callers.
   */
  localAddress: Type.String(),
  /** Machines of honest agents. */
  machineIds: Type.Array(Type.String()),
  /** What `prepare` returned. */
  given: Type.Record(Type.String(), Type.String()),
});
export type AttackTarget = Static<typeof AttackTarget>;

/** Counts of what the attacker did and of what the server answered, by name. */
export type AttackCounters = Readonly<Record<string, number>>;

export interface RunningAttack {
  counters(): AttackCounters;
  /**
   * Settles when the attacker has stopped after its signal was aborted. Rejects only for a mistake
   * of the attack itself.
   */
  readonly ended: Promise<void>;
}

/** One attacker at full speed. */
export interface Attack {
  /** In kebab-case; the name of its file and of `--only`. */
  readonly name: string;
  /** Point of the issue that describes it. */
  readonly point: number;
  /** One sentence for the report. */
  readonly title: string;
  /** Settings of the server that the attack needs, by environment name. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * How far the server's resident memory may grow above its value before the attack. Default 256.
   */
  readonly memoryGrowthLimitMib?: number;
  /**
   * Runs once in the runner's process, with the administrator's rights, before anything is
   * measured: enrolls the attacker's device, creates a weak application. The texts it returns reach
   * the attacker as `given`.
   */
  prepare?(world: World): Promise<Readonly<Record<string, string>>>;
  /**
   * Runs in the attacker's own process until `signal` is aborted. A server that refuses, closes or
   * answers 404 is counted and attacked again; it is never a reason to throw.
   */
  start(target: AttackTarget, signal: AbortSignal): Promise<RunningAttack>;
  /**
   * Runs in the runner's process after the attack: sentences about what is not as it was before.
   */
  check?(world: World, counters: AttackCounters): Promise<readonly string[]>;
}

export const DEFAULT_MEMORY_GROWTH_LIMIT_MIB = 256;
