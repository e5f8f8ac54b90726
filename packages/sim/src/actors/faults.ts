import type { Device } from "../device/device.ts";
import type { Nodes } from "../server/nodes.ts";
import type { SimDatabase } from "../server/sim-database.ts";
import type { World } from "../world/world.ts";
import type { DeviceFaults } from "./device-faults.ts";
import type { GrantFaults } from "./grant-faults.ts";

const HOUR_MS = 3_600_000;

/** Injects all faults of a run. */
export class Faults {
  readonly #world: World;
  readonly #nodes: Nodes;
  readonly #database: SimDatabase;
  readonly #restored: () => void;
  readonly #devices: DeviceFaults;
  readonly #grants: GrantFaults;

  /** `restored`: called when the database was restored to an earlier state. */
  constructor(
    world: World,
    nodes: Nodes,
    database: SimDatabase,
    on: { devices: DeviceFaults; grants: GrantFaults },
    restored: () => void,
  ) {
    this.#world = world;
    this.#nodes = nodes;
    this.#database = database;
    this.#restored = restored;
    this.#devices = on.devices;
    this.#grants = on.grants;
  }

  /** Injects one random fault. `device` is its target if the fault concerns a device. */
  inject(device: Device): void {
    const { random, forgetful } = this.#world;
    const forgetting =
      forgetful === "server"
        ? [this.#setServerBack]
        : [...this.#devices.forgetfulKinds, (target: Device) => this.#grants.arm(target)];
    const shared = this.#database.maxNodes > 1 ? [this.#cutOff] : [];
    random.pick([this.#crashServer, ...this.#serverKinds, ...shared, ...this.#devices.kinds, ...forgetting])(device);
  }

  /** Ends all faults and recovers everything that is down. */
  recover(): void {
    this.#world.trace.note("world", "everything works again");
    this.#world.injectsFaults = false;
    this.#world.wallOffsetMs = 0;
    for (const node of this.#nodes.all) {
      node.crashAtCommitIn = null;
      node.cutOffUntilMs = 0;
    }
    void this.#nodes.start();
    this.#devices.recover();
  }

  readonly #crashServer = (): void => {
    const node = this.#nodes.any();
    if (!node.running) return;
    this.#world.fault("server crash");
    node.crash("killed");
  };

  /**
   * Often long enough that the other nodes consider the node dead while its devices are still
   * connected to it.
   */
  readonly #cutOff = (): void => {
    const { random, timeline } = this.#world;
    const node = this.#nodes.any();
    this.#world.fault("node cut off from the database", node.name);
    node.cutOffUntilMs = timeline.nowMs + random.between(2_000, 40_000);
  };

  readonly #setServerBack = (): void => {
    const { random, timeline } = this.#world;
    const backup = this.#database.backup();
    if (!backup) return;
    timeline.after(random.between(1_000, 40_000), () => {
      if (!this.#world.injectsFaults || !this.#nodes.areAllRunning) return;
      this.#world.fault("server set back");
      this.#nodes.restore(backup, this.#restored).catch((error: unknown) => {
        this.#world.violated("nothingBreaks", `a backup could not be restored: ${String(error)}`);
      });
    });
  };

  readonly #serverKinds: readonly (() => void)[] = [
    () => {
      this.#world.fault("server crash at a commit");
      this.#nodes.any().crashAtCommitIn = this.#world.random.between(0, 6);
    },
    () => {
      const node = this.#nodes.any();
      if (!node.running) return;
      this.#world.fault("server restart");
      void node.stop();
    },
    () => {
      this.#world.fault("server clock jumps");
      const { random } = this.#world;
      this.#world.wallOffsetMs = random.chance(0.3) ? 0 : random.between(-HOUR_MS, HOUR_MS);
      this.#world.trace.note("world", `the server's clock is off by ${this.#world.wallOffsetMs} ms`);
    },
  ];
}
