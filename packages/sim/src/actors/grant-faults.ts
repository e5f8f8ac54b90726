import type { Device } from "../device/device.ts";
import type { Nodes } from "../server/nodes.ts";
import type { World } from "../world/world.ts";
import type { Fleet } from "./fleet.ts";

/**
 * Sets a device back right after the server has granted a start, while the grant is not recorded.
 * Random faults almost never meet these 200 ms.
 */
export class GrantFaults {
  readonly #world: World;
  readonly #fleet: Fleet;
  readonly #nodes: Nodes;

  constructor(world: World, fleet: Fleet, nodes: Nodes) {
    this.#world = world;
    this.#fleet = fleet;
    this.#nodes = nodes;
  }

  /** The fault happens at the device's next grant. */
  arm(device: Device): void {
    const { random, timeline } = this.#world;
    device.atGrant = ({ actionId, startId }) => {
      const unknown = random.pick([actionId, startId]);
      timeline.after(random.between(10, 120), () => this.#setBack(device, unknown));
    };
  }

  /**
   * To the newest state that does not know this action, or this start. An older one can lack the
   * rolling value of the connection, and then the server takes the device for a copy.
   */
  #setBack(device: Device, unknown: string): void {
    const { random, timeline } = this.#world;
    const before = device.journal.history.findLast((bytes) => !Buffer.from(bytes).includes(unknown));
    if (!this.#world.injectsFaults || !before || device.isGone) return;
    this.#fleet.setBack.add(device.machineId);
    const cause = random.pick(["server crash", "link broken", "quick restart"]);
    this.#world.fault("device set back after a grant", `${device.name}, ${cause}`);
    if (cause === "server crash") for (const node of this.#nodes.all) if (node.running) node.crash("killed");
    device.kill("set back", cause === "link broken");
    device.processes.reboot();
    device.journal.restore(before);
    const [low, high] = cause === "quick restart" ? [0, 40] : [500, 20_000];
    timeline.after(random.between(low, high), () => device.startAgent());
  }
}
