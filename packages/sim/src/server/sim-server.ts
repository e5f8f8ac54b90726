import {
  agentsOfNode,
  backgroundJobs,
  CONTRACT_POLICY,
  checkInPlace,
  Gateway,
  NO_MEASURES,
  type NodeLease,
  ResultSpace,
  runJobs,
  type ServiceContext,
} from "@halligan/server/simulation";
import { ProcessLifetime } from "../time/process-lifetime.ts";
import { serverKeys } from "../world/keys.ts";
import { JOB_INTERVALS, PING_INTERVAL_MS, serviceLimits } from "../world/settings.ts";
import type { World } from "../world/world.ts";
import { joinNodes } from "./join-nodes.ts";
import type { MemoryBlobs } from "./memory-blobs.ts";
import type { NodeBuses } from "./node-bus.ts";
import { serverClock, serverIds, serverLog } from "./server-ports.ts";
import type { SimDatabase } from "./sim-database.ts";

/** A server process from its start to its end. */
export interface ServerProcess {
  /** The name of its node. */
  name: string;
  lifetime: ProcessLifetime;
  context: ServiceContext;
  gateway: Gateway;
  /** Its lease as a node; null for a single server. */
  lease: NodeLease | null;
  stopLoops: AbortController;
  loops: Promise<unknown>;
}

export interface ServerParts {
  world: World;
  database: SimDatabase;
  blobs: MemoryBlobs;
  buses: NodeBuses;
  /** Session slots of the whole deployment. */
  runningSessions: number;
  watcher: ServerWatcher;
}

export interface ServerWatcher {
  committed(actionIds: ReadonlySet<string>): void;
  held(machineId: string, value: string, journalId: string | null): void;
  /** Every connection of the process has lost its server side. */
  died(server: SimServer, process: ServerProcess | null): void;
}

/**
 * One node as seen from outside. It runs or is down. Its database and blobs outlive each of its
 * processes.
 */
export class SimServer {
  readonly name: string;
  readonly #index: number;
  readonly #parts: ServerParts;
  readonly #world: World;
  /** Set by a fault: the process crashes at a later commit, after this many other commits. */
  crashAtCommitIn: number | null = null;
  /** Set by a fault: requests to the database before this time are delayed until then. */
  cutOffUntilMs = 0;
  #running: ServerProcess | null = null;
  #isStarting = false;
  #leaveBus: () => void = () => undefined;

  constructor(parts: ServerParts, name: string, index: number) {
    this.#parts = parts;
    this.#world = parts.world;
    this.name = name;
    this.#index = index;
  }

  /** Null while no process answers. */
  get running(): ServerProcess | null {
    return this.#running;
  }

  async start(): Promise<void> {
    if (this.#running || this.#isStarting) return;
    this.#isStarting = true;
    const lifetime = new ProcessLifetime();
    const node = { id: "simulated" };
    const context = this.#context(lifetime, node);
    this.#world.trace.note(this.name, "starts");
    try {
      const gateway = new Gateway(context, { pingIntervalMs: PING_INTERVAL_MS, maxConnections: 1_000 });
      const lease = await joinNodes(this.#world, this.#parts.database, { context, node, gateway });
      const stopLoops = new AbortController();
      const jobs = backgroundJobs({ service: context, gateway, lease, certificate: null, intervals: JOB_INTERVALS });
      const loops = runJobs(jobs, context, stopLoops.signal);
      this.#running = { name: this.name, lifetime, context, gateway, lease, stopLoops, loops };
    } catch (error) {
      if (!lifetime.isOver) throw error;
    } finally {
      this.#isStarting = false;
    }
  }

  crash(why: string): void {
    if (!this.#running) return;
    this.#world.trace.note(this.name, `dies: ${why}`);
    this.#endProcess(this.#running.lifetime);
  }

  /** Stops as on SIGTERM: running work is written first. */
  async stop(): Promise<void> {
    const stopping = this.#running;
    if (!stopping) return;
    this.#world.trace.note(this.name, "stops");
    stopping.stopLoops.abort();
    await stopping.gateway.close();
    if (stopping.lease) {
      await stopping.loops;
      await stopping.lease.leave().catch((error: unknown) => {
        if (!stopping.lifetime.isOver) throw error;
      });
    }
    if (!stopping.lifetime.isOver) this.#endProcess(stopping.lifetime);
  }

  #endProcess(lifetime: ProcessLifetime): void {
    const process = this.#running;
    lifetime.end();
    this.#leaveBus();
    this.#parts.database.rollBack();
    this.#running = null;
    this.crashAtCommitIn = null;
    this.#parts.watcher.died(this, process);
  }

  #context(lifetime: ProcessLifetime, node: { id: string }): ServiceContext {
    const { database, watcher, blobs, buses, runningSessions } = this.#parts;
    const { bus, leave } = buses.join();
    this.#leaveBus = leave;
    const clock = serverClock(this.#world, lifetime);
    return {
      store: database.openStore(this.#index, lifetime, {
        reachesDatabase: () => this.#reachesDatabase(),
        crashAtCommit: () => this.#crashAtCommit(),
        crashed: () => {
          this.#world.trace.note(this.name, "dies at a commit");
          this.#endProcess(lifetime);
        },
        committed: (actionIds) => watcher.committed(actionIds),
        held: (machineId, value, journalId) => watcher.held(machineId, value, journalId),
        ranAgain: () => this.#world.fault("transaction lost a race", this.name),
      }),
      blobs,
      bus,
      clock,
      ids: serverIds(this.#world),
      limits: serviceLimits(runningSessions),
      policy: CONTRACT_POLICY,
      resultSpace: new ResultSpace(clock.monotonicMs),
      ...agentsOfNode(clock),
      keys: KEYS,
      checkSignature: checkInPlace,
      publicUrl: "https://simulation.invalid",
      resultLinks: "stream",
      measures: NO_MEASURES,
      node,
      log: serverLog(this.#world, lifetime),
    };
  }

  async #reachesDatabase(): Promise<void> {
    for (;;) {
      const waitMs = this.cutOffUntilMs - this.#world.timeline.nowMs;
      if (waitMs <= 0) return;
      await this.#world.delay(waitMs, waitMs);
    }
  }

  #crashAtCommit(): "before" | "after" | null {
    if (this.crashAtCommitIn === null) return null;
    this.crashAtCommitIn -= 1;
    if (this.crashAtCommitIn >= 0) return null;
    return this.#world.random.pick(["before", "after"]);
  }
}

const KEYS = serverKeys();
