import {
  type Bus,
  type Clock,
  expireActions,
  Gateway,
  type LinkSocket,
  type LinkSocketEvents,
  localBus,
  loop,
  type ServiceContext,
} from "@halligan/server/simulation";
import pino from "pino";
import { Life } from "../time/life.ts";
import { serverKeys } from "../world/keys.ts";
import { PING_INTERVAL_MS, REREAD_INTERVAL_MS, SWEEP_INTERVAL_MS, serviceLimits } from "../world/settings.ts";
import type { World } from "../world/world.ts";
import { CrashingStore } from "./crashing-store.ts";
import type { MemoryBlobs } from "./memory-blobs.ts";
import type { MemoryDatabase } from "./memory-database.ts";

/** A process of the server from its start to its end. */
export interface Incarnation {
  life: Life;
  context: ServiceContext;
  gateway: Gateway;
  stopLoops: AbortController;
}

export interface ServerWatcher {
  committed(actionIds: ReadonlySet<string>): void;
  /** Every link of the process has lost its server side. */
  died(): void;
}

/** The server as it is seen from outside: up or not, with a database and blobs that outlive each of its processes. */
export class SimServer {
  readonly #world: World;
  readonly #database: MemoryDatabase;
  readonly #blobs: MemoryBlobs;
  readonly #watcher: ServerWatcher;
  readonly runningSessions: number;
  /** Set by a fault: the next commit but this many is the last thing the process does. */
  crashAtCommitIn: number | null = null;
  #running: Incarnation | null = null;
  #isStarting = false;

  constructor(
    world: World,
    database: MemoryDatabase,
    blobs: MemoryBlobs,
    watcher: ServerWatcher,
    runningSessions: number,
  ) {
    this.#world = world;
    this.#database = database;
    this.#blobs = blobs;
    this.#watcher = watcher;
    this.runningSessions = runningSessions;
  }

  /** Null while there is no process that answers. */
  get running(): Incarnation | null {
    return this.#running;
  }

  async start(): Promise<void> {
    if (this.#running || this.#isStarting) return;
    this.#isStarting = true;
    const life = new Life();
    const context = this.#context(life);
    this.#world.trace.note("server", "starts");
    try {
      const gateway = await Gateway.open(context, { pingIntervalMs: PING_INTERVAL_MS, maxLinks: 1_000 });
      const stopLoops = new AbortController();
      this.#running = { life, context, gateway, stopLoops };
      this.#startLoops(context, gateway, stopLoops.signal);
    } catch (error) {
      if (!life.isOver) throw error;
    } finally {
      this.#isStarting = false;
    }
  }

  accept(socket: LinkSocket): LinkSocketEvents | null {
    return this.#running?.gateway.connect(socket) ?? null;
  }

  crash(why: string): void {
    if (!this.#running) return;
    this.#world.trace.note("server", `dies: ${why}`);
    this.#bury(this.#running.life);
  }

  /** Stops as on SIGTERM: what is under way is written first. */
  async stop(): Promise<void> {
    const stopping = this.#running;
    if (!stopping) return;
    this.#world.trace.note("server", "stops");
    stopping.stopLoops.abort();
    await stopping.gateway.close();
    if (!stopping.life.isOver) this.#bury(stopping.life);
  }

  #bury(life: Life): void {
    life.end();
    if (this.#database.connection.inTransaction) this.#database.connection.exec("ROLLBACK");
    this.#running = null;
    this.crashAtCommitIn = null;
    this.#watcher.died();
  }

  #context(life: Life): ServiceContext {
    const { random } = this.#world;
    return {
      store: new CrashingStore(this.#world, life, this.#database, {
        crashAtCommit: () => this.#crashAtCommit(),
        crashed: () => {
          this.#world.trace.note("server", "dies at a commit");
          this.#bury(life);
        },
        committed: (actionIds) => this.#watcher.committed(actionIds),
      }),
      blobs: this.#blobs,
      bus: this.#bus(),
      clock: this.#clock(life),
      ids: { guid: () => guid(random.hex(32)), random: (sizeBytes) => random.bytes(sizeBytes) },
      limits: serviceLimits(this.runningSessions),
      keys: KEYS,
      publicUrl: "https://simulation.invalid",
      log: this.#log(life),
    };
  }

  #clock(life: Life): Clock {
    const { timeline } = this.#world;
    const startedMs = timeline.nowMs;
    return {
      nowMs: () => this.#world.wallMs,
      monotonicMs: () => timeline.nowMs - startedMs,
      after: (delayMs, fn) => timeline.after(delayMs, () => life.isOver || fn()),
    };
  }

  /** A wake-up is a hint and may be lost. */
  #bus(): Bus {
    const bus = localBus();
    return {
      wakeMachine: (machineId) => {
        if (!this.#world.strikes("wake-up lost", 0.1)) bus.wakeMachine(machineId);
      },
      onMachineWake: (listener) => bus.onMachineWake(listener),
    };
  }

  /** What a living server logs as an error is something that nobody planned. */
  #log(life: Life): ServiceContext["log"] {
    const write = (line: string) => {
      if (!life.isOver) this.#world.violated("nothingBreaks", `the server logged ${line.trim()}`);
    };
    return pino({ level: "error", base: null, timestamp: false }, { write });
  }

  #startLoops(context: ServiceContext, gateway: Gateway, signal: AbortSignal): void {
    const { clock, log } = context;
    const overdue = new Map();
    void loop("expire actions", SWEEP_INTERVAL_MS, () => expireActions(context, overdue), signal, clock, log);
    void loop("reread store", REREAD_INTERVAL_MS, () => gateway.rereadStore(), signal, clock, log);
  }

  #crashAtCommit(): "before" | "after" | null {
    if (this.crashAtCommitIn === null) return null;
    this.crashAtCommitIn -= 1;
    if (this.crashAtCommitIn >= 0) return null;
    return this.#world.random.pick(["before", "after"]);
  }
}

const KEYS = serverKeys();

const guid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
