import { type Caller, reinstateMachine, retireMachine } from "@halligan/server/simulation";
import type { Device } from "../device/device.ts";
import type { RetiredMachines } from "../invariants/retired-machines.ts";
import type { WaitingReasons } from "../invariants/waiting-reasons.ts";
import type { Nodes } from "../server/nodes.ts";
import { Random } from "../time/random.ts";
import type { World } from "../world/world.ts";
import type { Callers } from "./callers.ts";

const OPERATOR: Caller = {
  kind: "application",
  id: "operator-1",
  clientId: "operator-1",
  name: "operator",
  roles: new Set(),
};

/**
 * An operator who, in some schedules, retires a machine while other work continues, and sometimes
 * reinstates it. It has its own random stream, so the other schedules do not change.
 */
export class Retirements {
  readonly #world: World;
  readonly #nodes: Nodes;
  readonly #callers: Callers;
  readonly #watch: RetiredMachines;
  readonly #reasons: Pick<WaitingReasons, "retired">;
  readonly #random: Random;
  /** Machines with a requested retirement, whatever its result was. */
  readonly asked = new Set<string>();

  constructor(
    world: World,
    nodes: Nodes,
    callers: Callers,
    watch: RetiredMachines,
    reasons: Pick<WaitingReasons, "retired">,
  ) {
    this.#world = world;
    this.#nodes = nodes;
    this.#callers = callers;
    this.#watch = watch;
    this.#reasons = reasons;
    this.#random = new Random(world.seed + 0x7e71_4e00);
  }

  /** `devices`: called when the time of the retirement has come. */
  plan(devices: () => readonly [Device, ...Device[]]): void {
    if (!this.#random.chance(0.2)) return;
    this.#after(2_000, 120_000, () => {
      const all = devices();
      const busy = all.find(({ processes }) => processes.living.length > 0);
      const device = busy && this.#random.chance(0.5) ? busy : this.#random.pick(all);
      // The most critical time is while an order is claimed, sent and started.
      if (this.#random.chance(0.7)) this.#callers.runLiveResponse(device);
      this.#after(1, this.#random.pick([60, 300, 6_000]), () => this.#retire(device));
    });
  }

  #retire({ name, machineId }: Pick<Device, "name" | "machineId">): void {
    const server = this.#nodes.running;
    if (!server || !this.#world.injectsFaults) return;
    this.#world.fault("machine retired", name);
    this.asked.add(machineId);
    this.#reasons.retired(machineId);
    const isRepeated = this.#random.chance(0.3);
    retireMachine(server.context, OPERATOR, machineId, "sold").then(
      (answer) => {
        if (server.lifetime.isOver) return;
        if (!answer.ok) return this.#world.violated("nothingBreaks", `a retirement got ${answer.error.code}`);
        this.#world.trace.note("operator", `was answered: ${name} is retired`);
        this.#watch.answered(machineId);
        this.#reasons.retired(machineId);
      },
      (error: unknown) => this.#failed(server.lifetime, error),
    );
    if (isRepeated) this.#after(1, 2_000, () => this.#retire({ name, machineId }));
    else if (this.#random.chance(0.6)) this.#after(100, 40_000, () => this.#takeBack(name, machineId));
  }

  #takeBack(name: string, machineId: string): void {
    const server = this.#nodes.running;
    if (!server || !this.#world.injectsFaults) return;
    this.#world.fault("machine reinstated", name);
    this.#watch.takenBack(machineId);
    reinstateMachine(server.context, OPERATOR, machineId).catch((error: unknown) =>
      this.#failed(server.lifetime, error),
    );
  }

  #failed(lifetime: { isOver: boolean }, error: unknown): void {
    if (!lifetime.isOver) this.#world.violated("nothingBreaks", `an operator got ${String(error)}`);
  }

  #after(lowMs: number, highMs: number, run: () => void): void {
    this.#world.timeline.after(this.#random.between(lowMs, highMs), run);
  }
}
