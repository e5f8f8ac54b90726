import type { Device } from "../device/device.ts";
import type { SimServer } from "../server/sim-server.ts";
import type { DeviceFaults } from "./device-faults.ts";
import type { World } from "./world.ts";

const HOUR_MS = 3_600_000;

/** Everything that goes wrong on purpose. */
export class Faults {
  readonly #world: World;
  readonly #server: SimServer;
  readonly #devices: DeviceFaults;

  constructor(world: World, server: SimServer, devices: DeviceFaults) {
    this.#world = world;
    this.#server = server;
    this.#devices = devices;
  }

  /** One fault of chance; `device` is the one that it strikes when it strikes one. */
  strike(device: Device): void {
    this.#world.random.pick([this.#crashServer, ...this.#serverKinds, ...this.#devices.kinds])(device);
  }

  /** From now on everything works; what is down comes back. */
  heal(): void {
    this.#world.trace.note("world", "everything works again");
    this.#world.isRough = false;
    this.#world.wallOffsetMs = 0;
    this.#server.crashAtCommitIn = null;
    void this.#server.start();
    this.#devices.heal();
  }

  readonly #crashServer = (): void => {
    if (!this.#server.running) return;
    this.#world.fault("server crash");
    this.#server.crash("killed");
  };

  readonly #serverKinds: readonly (() => void)[] = [
    () => {
      this.#world.fault("server crash at a commit");
      this.#server.crashAtCommitIn = this.#world.random.between(0, 6);
    },
    () => {
      if (!this.#server.running) return;
      this.#world.fault("server restart");
      void this.#server.stop();
    },
    () => {
      this.#world.fault("server clock jumps");
      const { random } = this.#world;
      this.#world.wallOffsetMs = random.chance(0.3) ? 0 : random.between(-HOUR_MS, HOUR_MS);
      this.#world.trace.note("world", `the server's clock is off by ${this.#world.wallOffsetMs} ms`);
    },
  ];
}
