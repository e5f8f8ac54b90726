import { Callers } from "./actors/callers.ts";
import { DeviceFaults } from "./actors/device-faults.ts";
import { Faults } from "./actors/faults.ts";
import { Fleet } from "./actors/fleet.ts";
import { GrantFaults } from "./actors/grant-faults.ts";
import { Retirements } from "./actors/retirements.ts";
import type { Device } from "./device/device.ts";
import { ActionLedger, isFinalStatus } from "./invariants/action-ledger.ts";
import { CloneWatch } from "./invariants/clone-watch.ts";
import { CommandOracle } from "./invariants/command-oracle.ts";
import { checkEnd } from "./invariants/final-check.ts";
import { GrantedStarts } from "./invariants/granted-starts.ts";
import { RetiredMachines } from "./invariants/retired-machines.ts";
import { ServerFrames } from "./invariants/server-frames.ts";
import { WaitingReasons } from "./invariants/waiting-reasons.ts";
import { MemoryBlobs } from "./server/memory-blobs.ts";
import { NodeBuses } from "./server/node-bus.ts";
import { Nodes } from "./server/nodes.ts";
import type { SimDatabase } from "./server/sim-database.ts";
import { type ServerProcess, SimServer } from "./server/sim-server.ts";
import { Stepper } from "./time/stepper.ts";
import { SCRIPTS } from "./world/scripts.ts";
import { PING_INTERVAL_MS } from "./world/settings.ts";
import type { Invariant } from "./world/violation.ts";
import { World } from "./world/world.ts";

export interface Outcome {
  seed: number;
  steps: number;
  /** Duration in simulated time. */
  lastedMs: number;
  actions: number;
  faults: ReadonlyMap<string, number>;
  violation: { invariant: Invariant; message: string } | null;
  trace: readonly string[];
  traceSha256: string;
}

/**
 * Longer than any deadline that can be pending when the faults end: queue, lost device, one hour of
 * a wrong clock, and slack.
 */
const SETTLE_MS = 2 * 3_600_000;
const SERVER_DOWN_MS = 20_000;

/**
 * Runs one world from its seed to its end. The database is emptied first. Runs share nothing else.
 */
export async function runSchedule(seed: number, database: SimDatabase): Promise<Outcome> {
  const world = new World(seed);
  await database.clear(world);
  return new Schedule(world, database).run();
}

class Schedule {
  readonly #world: World;
  readonly #database: SimDatabase;
  readonly #blobs: MemoryBlobs;
  readonly #nodes: Nodes;
  readonly #fleet: Fleet;
  readonly #callers: Callers;
  readonly #retirements: Retirements;
  readonly #faults: Faults;
  readonly #deviceFaults: DeviceFaults;
  readonly #ledger: ActionLedger;
  readonly #reasons: WaitingReasons;
  readonly #machines: number;
  readonly #time: Stepper;

  constructor(world: World, database: SimDatabase) {
    this.#database = database;
    this.#world = world;
    const { random, timeline } = world;
    this.#time = new Stepper(
      timeline,
      () => world.violation !== null,
      async () => {
        await database.quiet();
        await this.#reasons.check(this.#fleet.devices);
      },
    );
    this.#machines = random.pick([2, 2, 3, 4]);
    const slots = random.between(1, this.#machines);
    const clones = new CloneWatch(world);
    const ledger = new ActionLedger(this.#world, database, slots);
    this.#ledger = ledger;
    const starts = new GrantedStarts(world);
    const retired = new RetiredMachines(world, database, starts);
    const watcher = {
      committed: (actionIds: ReadonlySet<string>) => {
        ledger.committed(actionIds);
        retired.committed(actionIds);
      },
      held: (machineId: string, value: string, journalId: string | null) => clones.held(machineId, value, journalId),
      died: (server: SimServer, process: ServerProcess | null) => this.#serverDied(server, process),
    };
    this.#blobs = new MemoryBlobs(this.#world);
    const buses = new NodeBuses(world);
    const parts = { world, database, blobs: this.#blobs, buses, runningSessions: slots, watcher };
    const isCluster = database.maxNodes > 1 && random.chance(0.75);
    this.#nodes = new Nodes(
      world,
      isCluster
        ? [new SimServer(parts, "node1", 0), new SimServer(parts, "node2", 1)]
        : [new SimServer(parts, "server", 0)],
    );
    const oracle = new CommandOracle(this.#world, retired, starts);
    this.#reasons = new WaitingReasons({ world, database, slots, seen: oracle });
    const frames = new ServerFrames(this.#world, database, clones, starts, this.#reasons);
    this.#fleet = new Fleet(this.#world, this.#nodes, { oracle, frames, clones, reasons: this.#reasons });
    this.#callers = new Callers(this.#world, this.#nodes);
    this.#retirements = new Retirements(world, this.#nodes, this.#callers, retired, this.#reasons);
    this.#deviceFaults = new DeviceFaults(this.#world, this.#fleet);
    const on = { devices: this.#deviceFaults, grants: new GrantFaults(world, this.#fleet, this.#nodes) };
    this.#faults = new Faults(world, this.#nodes, database, on, () => {
      world.wasRestored = true;
      ledger.restored();
      retired.restored();
      clones.restored();
      this.#callers.restored(database);
    });
  }

  async run(): Promise<Outcome> {
    const { random, timeline } = this.#world;
    this.#world.injectsFaults = false;
    await this.#time.runUntil(this.#nodes.start());
    for (const name of Object.keys(SCRIPTS)) this.#callers.addLibraryFile(name);
    await this.#time.runUntil(this.#fleet.enroll(this.#machines));
    for (const device of this.#fleet.devices) timeline.after(random.between(0, 5_000), () => device.startAgent());
    this.#world.injectsFaults = true;
    this.#reconnect(this.#fleetList()[0]);
    await this.#injectFaultsAndRequests();
    this.#faults.recover();
    await this.#settle();
    for (const device of this.#fleet.devices) device.discard();
    await this.#database.quiet();
    return this.#outcome();
  }

  /**
   * Injects faults and sends requests in random order, some seconds apart and often close together.
   */
  async #injectFaultsAndRequests(): Promise<void> {
    const { random } = this.#world;
    this.#retirements.plan(() => this.#fleetList());
    for (let events = random.between(15, 40); events > 0 && !this.#world.violation; events -= 1) {
      await this.#time.runFor(random.chance(0.4) ? random.between(1, 400) : random.between(400, 9_000));
      const device = random.pick(this.#fleetList());
      if (random.chance(0.4)) this.#faults.inject(device);
      else if (random.chance(0.65)) this.#ask(device);
      else
        random.pick([
          () => this.#callers.cancel(),
          () => this.#callers.resultLink(),
          () => this.#callers.changeLibrary(),
        ])();
    }
    for (const device of this.#fleet.devices) {
      if (!random.chance(0.1) || this.#fleet.hasLivingCopies(device.machineId)) continue;
      this.#deviceFaults.remove(device);
    }
  }

  /**
   * With several nodes, often sends two requests at once: two for the same device, or one that
   * cancels the other.
   */
  #ask(device: Device): void {
    const { random } = this.#world;
    this.#callers.runLiveResponse(device);
    if (this.#database.maxNodes === 1 || random.chance(0.5)) return;
    if (random.chance(0.5)) this.#callers.runLiveResponse(device);
    else this.#callers.cancel();
  }

  async #settle(): Promise<void> {
    const { timeline } = this.#world;
    const hasClone = this.#fleet.devices.some(({ machineId }) => this.#fleet.hasLivingCopies(machineId));
    // Each of two copies must connect once more. Everything else that is open ends by its own
    // deadline.
    if (hasClone) await this.#time.runFor(6 * PING_INTERVAL_MS + 30_000);
    const lastMs = timeline.nowMs + SETTLE_MS;
    do await this.#time.runFor(5_000);
    while (timeline.nowMs < lastMs && !this.#world.violation && !this.#isSettled());
    if (this.#world.violation) return;
    const server = this.#nodes.running;
    if (!server || !this.#nodes.areAllRunning)
      return this.#world.violated("nothingBreaks", "the server did not come back");
    const { context } = server;
    const world = this.#world;
    this.#ledger.checkSlots();
    await this.#time.runUntil(
      checkEnd({ world, database: this.#database, blobs: this.#blobs, context }, this.#callers.accepted),
    );
    this.#checkQuarantine();
    const difference = await this.#database.difference();
    if (difference !== null)
      this.#world.violated("nothingBreaks", `the simulation looked at rows that are not there: ${difference}`);
  }

  /** Reconnects until the end of the run. Each new connection could move a bound that must stay. */
  #reconnect(device: Device): void {
    const { neverEnding, timeline } = this.#world;
    if (!neverEnding) return;
    timeline.after(neverEnding.between(60_000, 150_000), () => {
      if (device.link?.isUp) device.link.break({ server: true, agent: true });
      this.#reconnect(device);
    });
  }

  #checkQuarantine(): void {
    const quarantined = new Set(this.#database.quarantinedMachines());
    const { cloned, copied, setBack } = this.#fleet;
    for (const device of this.#fleet.devices) {
      const { machineId, name } = device;
      // The server rejects a retired device, so two copies of it are never connected.
      const isTwice = this.#fleet.mustBeFound(device) && !this.#retirements.asked.has(machineId);
      const mayBeTwice = [cloned, copied, setBack].some((machines) => machines.has(machineId));
      if (isTwice && !quarantined.has(machineId)) {
        this.#world.violated("quarantineHolds", `${name} was copied and is not in quarantine`);
      }
      if (!mayBeTwice && quarantined.has(machineId)) {
        this.#world.violated("quarantineHolds", `${name} is alone with its key and was put in quarantine`);
      }
    }
  }

  /**
   * True when every action is final, and every present device has reported the end of its orders.
   */
  #isSettled(): boolean {
    if (!this.#nodes.areAllRunning) return false;
    const absent = new Set(this.#fleet.devices.filter(({ isGone }) => isGone).map(({ machineId }) => machineId));
    return this.#database.open().every((row) => isFinalStatus(row.status) && absent.has(row.machine_id));
  }

  #serverDied(server: SimServer, process: ServerProcess | null): void {
    const { random, timeline } = this.#world;
    for (const { link } of this.#fleet.devices) {
      // The connections of a killed process are reset. After a power cut, the agents get no
      // notification.
      const isReset = random.chance(0.7);
      if (!link || link.node !== process) continue;
      if (isReset) link.closeServerEnd();
      else link.break({ server: false, agent: false });
    }
    timeline.after(random.between(100, SERVER_DOWN_MS), () => void server.start());
  }

  #fleetList(): readonly [Device, ...Device[]] {
    const [first, ...rest] = this.#fleet.devices;
    if (!first) throw new Error("a run needs a device");
    return [first, ...rest];
  }

  #outcome(): Outcome {
    const { seed, timeline, faults, violation, trace } = this.#world;
    return {
      seed,
      steps: this.#time.steps,
      lastedMs: timeline.nowMs,
      actions: this.#callers.accepted.size,
      faults,
      violation: violation && { invariant: violation.invariant, message: violation.message },
      trace: trace.lines,
      traceSha256: trace.sha256(),
    };
  }
}
