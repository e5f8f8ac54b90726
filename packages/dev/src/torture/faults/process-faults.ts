import { sleep, systemClock } from "@halligan/protocol/time";
import type { Program } from "../../program.ts";
import type { World } from "../../world.ts";
import type { SeededRandom } from "../seeded-random.ts";
import type { ServerGate } from "../server-gate.ts";
import type { Violations } from "../violations.ts";
import type { Moments } from "./moments.ts";

/** Longest wait for the next kill, and longest stay away of a killed agent. */
const NEXT_KILL_WITHIN_MS = 2_500;
const AWAY_MS = 800;

/** Kills -9 and starts again. A program that ends without having been killed is a violation. */
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
  readonly #returning = new Map<string, Promise<void>>();

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

  async killMany(kills: number, moments: Moments, onKill: () => void, signal: AbortSignal): Promise<void> {
    while (this.kills < kills) {
      const told = await moments.next(NEXT_KILL_WITHIN_MS, signal);
      const victim = this.#random.pick(["server", "agent", "agent", "agent", "both"]);
      if (victim !== "server") this.#killAgent(told);
      if (victim !== "agent") await this.#killServer();
      signal.throwIfAborted();
      onKill();
    }
    await Promise.all(this.#returning.values());
  }

  /**
   * A first start, or the one after a kill. Does not wait for the link: there may be none for a
   * while.
   */
  startAgent(machineId: string): void {
    const linked = this.#world.startAgent(machineId);
    // It is killed before it is linked, or linked later than anyone waits for here: the probe at
    // the end tells.
    linked.catch(() => undefined);
    this.#watch(`the agent of ${machineId}`, this.#world.agent(machineId));
  }

  /** From now on programs end because the run does. */
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
   * `told`: the program that has just reported. The kill prefers it, to interrupt it in the middle
   * of its work.
   */
  #killAgent(told: string | null): void {
    const { machines } = this.#world;
    const speaker = machines.find(({ computerDnsName }) => computerDnsName === told);
    const { id } = speaker ?? this.#random.pickAny(machines) ?? {};
    if (id === undefined || this.#returning.has(id)) return;
    const agent = this.#world.agent(id);
    this.#kill(agent);
    this.agentKills += 1;
    const awayMs = this.#random.chance(0.5) ? 0 : this.#random.between(0, AWAY_MS);
    const returned = agent.exited
      .then(() => (awayMs > 0 ? sleep(systemClock, awayMs, undefined) : undefined))
      .then(() => this.startAgent(id))
      .finally(() => this.#returning.delete(id));
    this.#returning.set(id, returned);
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
