import { sleep, systemClock } from "@halligan/protocol/time";
import type { Program } from "../../program.ts";
import type { World } from "../../world.ts";
import type { SeededRandom } from "../seeded-random.ts";
import type { ServerGate } from "../server-gate.ts";
import type { Violations } from "../violations.ts";
import type { KillMoments } from "./kill-moments.ts";

/** Longest wait for the next kill, and longest time until a killed agent starts again. */
const NEXT_KILL_WITHIN_MS = 2_500;
const MAX_DOWN_MS = 800;

/** Kills programs with SIGKILL and restarts them. A program that ends by itself is a violation. */
export class ProcessFaults {
  serverKills = 0;
  agentKills = 0;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #gate: ServerGate;
  readonly #violations: Violations;
  readonly #killed = new WeakSet<Program>();
  #isOver = false;
  /** Agents that are being killed or started. */
  readonly #restarting = new Map<string, Promise<void>>();

  constructor(world: World, random: SeededRandom, gate: ServerGate, violations: Violations) {
    this.#world = world;
    this.#random = random;
    this.#gate = gate;
    this.#violations = violations;
    this.#watch("the server", world.server);
  }

  get kills(): number {
    return this.serverKills + this.agentKills;
  }

  async killMany(kills: number, moments: KillMoments, onKill: () => void, signal: AbortSignal): Promise<void> {
    while (this.kills < kills) {
      const reporting = await moments.next(NEXT_KILL_WITHIN_MS, signal);
      const target = this.#random.pick(["server", "agent", "agent", "agent", "both"]);
      if (target !== "server") this.#killAgent(reporting);
      if (target !== "agent") await this.#killServer();
      signal.throwIfAborted();
      onKill();
    }
    await Promise.all(this.#restarting.values());
  }

  /**
   * A first start, or the one after a kill. Does not wait for the connection, which may take a
   * while.
   */
  startAgent(machineId: string): void {
    const linked = this.#world.startAgent(machineId);
    // A kill before it connects rejects this promise. The probe at the end checks the connection.
    linked.catch(() => undefined);
    this.#watch(`the agent of ${machineId}`, this.#world.agent(machineId));
  }

  /** From now on, the run itself ends the programs. */
  end(): void {
    this.#isOver = true;
  }

  async #killServer(): Promise<void> {
    const { server } = this.#world;
    this.#gate.close();
    this.#kill(server);
    this.serverKills += 1;
    await server.exited;
    const restarted = this.#world.startServer();
    this.#watch("the server", this.#world.server);
    await restarted;
    this.#gate.open();
  }

  /**
   * `reporting`: the program that has just reported. The kill prefers it, to interrupt it in the
   * middle of its work.
   */
  #killAgent(reporting: string | null): void {
    const { machines } = this.#world;
    const reportingMachine = machines.find(({ computerDnsName }) => computerDnsName === reporting);
    const { id } = reportingMachine ?? this.#random.pickAny(machines) ?? {};
    if (id === undefined || this.#restarting.has(id)) return;
    const agent = this.#world.agent(id);
    this.#kill(agent);
    this.agentKills += 1;
    const downMs = this.#random.chance(0.5) ? 0 : this.#random.between(0, MAX_DOWN_MS);
    const restarted = agent.exited
      .then(() => (downMs > 0 ? sleep(systemClock, downMs, undefined) : undefined))
      .then(() => this.startAgent(id))
      .finally(() => this.#restarting.delete(id));
    this.#restarting.set(id, restarted);
  }

  #kill(program: Program): void {
    this.#killed.add(program);
    program.kill("SIGKILL");
  }

  #watch(name: string, program: Program): void {
    void program.exited.then((code) => {
      if (this.#isOver || this.#killed.has(program)) return;
      this.#violations.add(
        `${name} ended by itself with ${code}:\n${program.output.split("\n").slice(-10).join("\n")}`,
      );
    });
  }
}
