import { sleep, systemClock } from "@halligan/protocol/time";
import type { SeededRandom } from "../torture/seeded-random.ts";
import type { Violations } from "../torture/violations.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Cluster } from "./cluster.ts";
import type { ClusterNode } from "./cluster-node.ts";
import type { ClusterEngines, Engine } from "./engines.ts";
import type { Outages } from "./outages.ts";

export interface FaultDeps {
  readonly cluster: Cluster;
  readonly engines: ClusterEngines;
  readonly outages: Outages;
  readonly violations: Violations;
  readonly chronicle: Chronicle;
  readonly say: (text: string) => void;
}

/**
 * Injects faults into a cluster and recovers it. It recovers every fault that it injected, also
 * when it is stopped.
 */
export class ClusterFaults {
  readonly #deps: FaultDeps;
  #isOver = false;

  constructor(deps: FaultDeps) {
    this.#deps = deps;
    for (const node of deps.cluster.nodes) this.#watch(node);
  }

  /** From now on, the run itself ends the nodes. */
  end(): void {
    this.#isOver = true;
  }

  /**
   * Kills and restarts one node every few seconds while `faulty` lasts, but at least `atLeast`
   * times. It waits for the last restart.
   */
  async killNodes(random: SeededRandom, atLeast: number, faulty: AbortSignal, run: AbortSignal): Promise<void> {
    const { cluster } = this.#deps;
    for (let kills = 0; kills < atLeast || !faulty.aborted; kills += 1) {
      await pause(random.between(1_500, 3_000), kills < atLeast ? run : faulty);
      const node = random.pickAny(cluster.nodes);
      if (!node || (faulty.aborted && kills >= atLeast) || run.aborted) return;
      const ended = this.#break(node.name);
      await node.kill();
      await pause(random.between(0, 1_500), run);
      await node.startAgain(run);
      ended();
      this.#watch(node);
    }
  }

  /**
   * Kills PostgreSQL, kills NATS and cuts one node off from NATS: each once within `withinMs`, then
   * repeatedly while `faulty` lasts.
   */
  async breakEngines(random: SeededRandom, withinMs: number, faulty: AbortSignal, run: AbortSignal): Promise<void> {
    const { engines } = this.#deps;
    const faults = [
      () => this.#killEngine("postgres", engines.postgres, random, run),
      () => this.#killEngine("nats", engines.nats, random, run),
      () => this.#cutOneNode(random, run),
    ];
    const order = random.chance(0.5) ? faults : faults.toReversed();
    const gapMs = withinMs / (faults.length + 1);
    for (const fault of order) {
      await pause(gapMs / 2, run);
      await fault();
    }
    while (!faulty.aborted) {
      await pause(random.between(gapMs / 2, gapMs), faulty);
      if (!faulty.aborted) await random.pickAny(faults)?.();
    }
  }

  async #killEngine(name: string, engine: Engine, random: SeededRandom, run: AbortSignal): Promise<void> {
    const ended = this.#break(name);
    await engine.kill();
    await pause(random.between(1_500, 3_500), run);
    await engine.startAgain();
    ended();
  }

  async #cutOneNode(random: SeededRandom, run: AbortSignal): Promise<void> {
    const { cluster } = this.#deps;
    const node = random.pickAny(cluster.nodes);
    if (!node) return;
    const ended = this.#break(`nats of ${node.name}`);
    cluster.cutFromNats(node);
    await pause(random.between(2_000, 4_000), run);
    cluster.giveNatsBack(node);
    ended();
  }

  #break(what: string): () => void {
    const { outages, chronicle, say } = this.#deps;
    const tell = (text: string) => {
      chronicle.fault(text);
      say(text);
    };
    tell(`broken: ${what}`);
    const ended = outages.begin(what);
    return () => {
      ended();
      tell(`recovered: ${what}`);
    };
  }

  #watch(node: ClusterNode): void {
    void node.endedByItself?.then((text) => {
      if (text !== "" && !this.#isOver) this.#deps.violations.add(text);
    });
  }
}

/** Also when it is ended before its time. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(systemClock, ms, signal).catch(() => undefined);
