import { sleep, systemClock } from "@halligan/protocol/time";
import type { SeededRandom } from "../torture/seeded-random.ts";
import type { Violations } from "../torture/violations.ts";
import type { BackendProcess, ClusterBackends } from "./backends.ts";
import type { Cluster } from "./cluster.ts";
import type { ClusterNode } from "./cluster-node.ts";
import type { EventHistory } from "./event-history.ts";
import type { Outages } from "./outages.ts";

export interface FaultDeps {
  readonly cluster: Cluster;
  readonly backends: ClusterBackends;
  readonly outages: Outages;
  readonly violations: Violations;
  readonly history: EventHistory;
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
      const ended = this.#beginOutage(node.name);
      await node.kill();
      await pause(random.between(0, 1_500), run);
      await node.restart(run);
      ended();
      this.#watch(node);
    }
  }

  /**
   * Kills PostgreSQL, kills NATS and cuts one node off from NATS: each once within `withinMs`, then
   * repeatedly while `faulty` lasts.
   */
  async injectBackendFaults(
    random: SeededRandom,
    withinMs: number,
    faulty: AbortSignal,
    run: AbortSignal,
  ): Promise<void> {
    const { backends } = this.#deps;
    const faults = [
      () => this.#killBackend("postgres", backends.postgres, random, run),
      () => this.#killBackend("nats", backends.nats, random, run),
      () => this.#disconnectOneNode(random, run),
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

  async #killBackend(name: string, backend: BackendProcess, random: SeededRandom, run: AbortSignal): Promise<void> {
    const ended = this.#beginOutage(name);
    await backend.kill();
    await pause(random.between(1_500, 3_500), run);
    await backend.restart();
    ended();
  }

  async #disconnectOneNode(random: SeededRandom, run: AbortSignal): Promise<void> {
    const { cluster } = this.#deps;
    const node = random.pickAny(cluster.nodes);
    if (!node) return;
    const ended = this.#beginOutage(`nats of ${node.name}`);
    cluster.disconnectFromNats(node);
    await pause(random.between(2_000, 4_000), run);
    cluster.reconnectToNats(node);
    ended();
  }

  #beginOutage(what: string): () => void {
    const { outages, history, say } = this.#deps;
    const report = (text: string) => {
      history.fault(text);
      say(text);
    };
    report(`broken: ${what}`);
    const ended = outages.begin(what);
    return () => {
      ended();
      report(`recovered: ${what}`);
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
