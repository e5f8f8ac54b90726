import type { Device } from "./device/device.ts";
import { ActionLedger, isFinalStatus } from "./invariants/action-ledger.ts";
import { CommandOracle } from "./invariants/command-oracle.ts";
import { checkEnd } from "./invariants/final-check.ts";
import { ServerFrames } from "./invariants/server-frames.ts";
import { MemoryBlobs } from "./server/memory-blobs.ts";
import type { MemoryDatabase } from "./server/memory-database.ts";
import { SimServer } from "./server/sim-server.ts";
import { quiet } from "./time/quiet.ts";
import { Stepper } from "./time/stepper.ts";
import { Callers } from "./world/callers.ts";
import { DeviceFaults } from "./world/device-faults.ts";
import { Faults } from "./world/faults.ts";
import { Fleet } from "./world/fleet.ts";
import { SCRIPTS } from "./world/scripts.ts";
import { PING_INTERVAL_MS } from "./world/settings.ts";
import type { Invariant } from "./world/violation.ts";
import { World } from "./world/world.ts";

export interface Outcome {
  seed: number;
  steps: number;
  /** Of the simulated world. */
  lastedMs: number;
  actions: number;
  faults: ReadonlyMap<string, number>;
  violation: { invariant: Invariant; message: string } | null;
  trace: readonly string[];
  traceSha256: string;
}

/** Longer than any deadline that can still run when faults have ended: queue, lost device, an hour of a wrong clock, and slack. */
const SETTLE_MS = 2 * 3_600_000;
const SERVER_DOWN_MS = 20_000;

/** One run of a world from its seed to its end. The database is emptied first; nothing else is shared between runs. */
export async function runSchedule(seed: number, database: MemoryDatabase): Promise<Outcome> {
  return new Schedule(seed, database).run();
}

class Schedule {
  readonly #world: World;
  readonly #database: MemoryDatabase;
  readonly #blobs: MemoryBlobs;
  readonly #server: SimServer;
  readonly #fleet: Fleet;
  readonly #callers: Callers;
  readonly #faults: Faults;
  readonly #deviceFaults: DeviceFaults;
  readonly #machines: number;
  readonly #time: Stepper;

  constructor(seed: number, database: MemoryDatabase) {
    database.clear();
    this.#database = database;
    this.#world = new World(seed);
    const { random } = this.#world;
    this.#time = new Stepper(this.#world.timeline, () => this.#world.violation !== null);
    this.#machines = random.pick([2, 2, 3, 4]);
    const places = random.between(1, this.#machines);
    const ledger = new ActionLedger(this.#world, database, places);
    const watcher = {
      committed: (actionIds: ReadonlySet<string>) => ledger.committed(actionIds),
      died: () => this.#serverDied(),
    };
    this.#blobs = new MemoryBlobs(this.#world);
    this.#server = new SimServer(this.#world, database, this.#blobs, watcher, places);
    const oracle = new CommandOracle(this.#world);
    const frames = new ServerFrames(this.#world, database);
    this.#fleet = new Fleet(this.#world, this.#server, { oracle, frames });
    this.#callers = new Callers(this.#world, this.#server);
    this.#deviceFaults = new DeviceFaults(this.#world, this.#fleet, database, oracle);
    this.#faults = new Faults(this.#world, this.#server, this.#deviceFaults);
  }

  async run(): Promise<Outcome> {
    const { random, timeline } = this.#world;
    this.#world.isRough = false;
    await this.#time.runUntil(this.#server.start());
    for (const name of Object.keys(SCRIPTS)) this.#callers.addLibraryFile(name);
    await this.#time.runUntil(this.#fleet.enroll(this.#machines));
    for (const device of this.#fleet.devices) timeline.after(random.between(0, 5_000), () => device.startAgent());
    this.#world.isRough = true;
    await this.#roughTime();
    this.#faults.heal();
    await this.#settle();
    for (const device of this.#fleet.devices) device.discard();
    await quiet();
    return this.#outcome();
  }

  /** Callers and faults in any order, some seconds apart, often close together. */
  async #roughTime(): Promise<void> {
    const { random } = this.#world;
    for (let events = random.between(15, 40); events > 0 && !this.#world.violation; events -= 1) {
      await this.#time.runFor(random.chance(0.4) ? random.between(1, 400) : random.between(400, 9_000));
      const device = random.pick(this.#fleetList());
      if (random.chance(0.4)) this.#faults.strike(device);
      else if (random.chance(0.65)) this.#callers.runLiveResponse(device);
      else
        random.pick([
          () => this.#callers.cancel(),
          () => this.#callers.resultLink(),
          () => this.#callers.changeLibrary(),
        ])();
    }
    for (const device of this.#fleet.devices) {
      if (!random.chance(0.1) || this.#fleet.cloned.has(device.machineId)) continue;
      this.#deviceFaults.remove(device);
    }
  }

  async #settle(): Promise<void> {
    const { timeline } = this.#world;
    const hasClone = this.#fleet.cloned.size > 0;
    // Two clones have to meet; what else is open ends when it ends.
    if (hasClone) await this.#time.runFor(6 * PING_INTERVAL_MS + 30_000);
    const lastMs = timeline.nowMs + SETTLE_MS;
    do await this.#time.runFor(5_000);
    while (timeline.nowMs < lastMs && !this.#world.violation && !this.#isSettled());
    const server = this.#server.running;
    if (this.#world.violation) return;
    if (!server) return this.#world.violated("nothingBreaks", "the server did not come back");
    const { context } = server;
    const world = this.#world;
    await this.#time.runUntil(
      checkEnd({ world, database: this.#database, blobs: this.#blobs, context }, this.#callers.accepted),
    );
    this.#checkQuarantine();
  }

  #checkQuarantine(): void {
    const quarantined = new Set(this.#database.quarantinedMachines());
    for (const device of this.#fleet.devices) {
      const isCloned = this.#fleet.cloned.has(device.machineId);
      if (isCloned === quarantined.has(device.machineId)) continue;
      const words = isCloned
        ? "was cloned and is not in quarantine"
        : "is alone with its key and was put in quarantine";
      this.#world.violated("quarantineHolds", `${device.name} ${words}`);
    }
  }

  /** Nothing is unfinished, and every device that is there has told the end of what it was given. */
  #isSettled(): boolean {
    if (!this.#server.running) return false;
    const absent = new Set(this.#fleet.devices.filter(({ isGone }) => isGone).map(({ machineId }) => machineId));
    return this.#database.open().every((row) => isFinalStatus(row.status) && absent.has(row.machine_id));
  }

  #serverDied(): void {
    const { random, timeline } = this.#world;
    for (const { link } of this.#fleet.devices) {
      // A killed process's connections are reset; after a power cut nobody tells the agents.
      if (random.chance(0.7)) link?.serverGone();
      else link?.break({ server: false, agent: false });
    }
    timeline.after(random.between(100, SERVER_DOWN_MS), () => void this.#server.start());
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
