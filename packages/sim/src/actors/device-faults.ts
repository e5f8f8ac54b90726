import type { Device } from "../device/device.ts";
import type { World } from "../world/world.ts";
import type { Fleet } from "./fleet.ts";

/**
 * Injects faults into devices and their connections. A device that is down restarts by itself after
 * some time.
 */
export class DeviceFaults {
  readonly #world: World;
  readonly #fleet: Fleet;

  constructor(world: World, fleet: Fleet) {
    this.#world = world;
    this.#fleet = fleet;
  }

  readonly kinds: readonly ((device: Device) => void)[] = [
    (device) => this.#breakLink(device, "link broken", { server: true, agent: true }),
    (device) => this.#breakLink(device, "half-open: server unaware", { server: false, agent: true }),
    (device) => this.#breakLink(device, "half-open: agent unaware", { server: true, agent: false }),
    (device) => this.#breakLink(device, "half-open: nobody aware", { server: false, agent: false }),
    (device) => this.#killAgent(device),
    (device) => this.#killAgentAtWrite(device),
    (device) => this.#stopAgent(device),
    (device) => this.#cutPower(device),
    (device) => this.#fillDisk(device),
    (device) => this.#takeOffline(device),
  ];

  /**
   * After these faults a device, or a copy with the same key, no longer knows everything that ran.
   */
  readonly forgetfulKinds: readonly ((device: Device) => void)[] = [
    (device) => this.#wipe(device),
    (device) => this.#restoreSnapshot(device),
    (device) => this.#clone(device),
    (device) => this.#copy(device),
  ];

  /** Ends all faults. Only removed devices stay away. */
  recover(): void {
    for (const device of this.#fleet.devices) {
      device.journal.isFull = false;
      device.journal.atWrite = null;
      device.atGrant = null;
      device.isOnline = !device.isGone;
      device.startAgent();
    }
  }

  /** Removes a device permanently. */
  remove(device: Device): void {
    this.#world.fault("device gone", device.name);
    device.isGone = true;
    device.isOnline = false;
    device.kill("gone", this.#world.random.chance(0.5));
  }

  #breakLink(device: Device, kind: string, noticedBy: { server: boolean; agent: boolean }): void {
    if (!device.link) return;
    this.#world.fault(kind, device.name);
    device.link.break(noticedBy);
  }

  #killAgent(device: Device): void {
    if (!device.isRunning) return;
    this.#world.fault("agent crash", device.name);
    device.kill("killed", true);
    this.#startLater(device, 500, 40_000);
  }

  #killAgentAtWrite(device: Device): void {
    this.#world.fault("agent crash at a write", device.name);
    this.#armKill(device, this.#world.random.between(0, 4));
  }

  #armKill(device: Device, writesBefore: number): void {
    const fault = () => {
      device.kill("killed while it wrote", this.#world.random.chance(0.5));
      this.#startLater(device, 500, 20_000);
    };
    device.journal.atWrite = { writesBefore, fault };
  }

  #stopAgent(device: Device): void {
    if (!device.isRunning) return;
    this.#world.fault("agent stopped", device.name);
    device.stop();
    this.#startLater(device, 10_000, 40_000);
  }

  #cutPower(device: Device): void {
    this.#world.fault("power cut", device.name);
    device.kill("no power", false, false);
    device.processes.reboot();
    this.#startLater(device, 3_000, 40_000);
  }

  #fillDisk(device: Device): void {
    this.#world.fault("device disk full", device.name);
    device.journal.isFull = true;
    this.#later(5_000, 60_000, () => {
      device.journal.isFull = false;
    });
  }

  #takeOffline(device: Device, atLeastMs = 5_000): void {
    if (!this.#world.injectsFaults) return;
    this.#world.fault("device offline", device.name);
    device.isOnline = false;
    device.link?.break({ server: this.#world.random.chance(0.5), agent: true });
    this.#later(atLeastMs, 80_000, () => {
      device.isOnline = !device.isGone;
    });
  }

  /** Deletes the journal. Scripts may continue when only the agent's folder was removed. */
  #wipe(chosen: Device): void {
    const device = this.#busyOr(chosen);
    this.#world.fault("device wiped", device.name);
    device.kill("wiped", this.#world.random.chance(0.5));
    if (this.#world.random.chance(0.3)) device.processes.reboot();
    device.journal.restore(null);
    // The device can also crash while the agent creates its new journal.
    if (this.#world.random.chance(0.7)) this.#armKill(device, 0);
    this.#startLater(device, 8_000, 40_000);
  }

  /** Restores the whole device to an earlier state of its journal and ends all its processes. */
  #restoreSnapshot(chosen: Device): void {
    const device = this.#busyOr(chosen);
    const before = this.#earlierJournal(device);
    if (!before) return;
    this.#fleet.setBack.add(device.machineId);
    this.#world.fault("device set back", device.name);
    device.kill("set back", false);
    device.processes.reboot();
    device.journal.restore(before);
    this.#startLater(device, 8_000, 40_000);
  }

  /** Often one of the latest states, because most undecided work is there. */
  #earlierJournal({ journal }: Device): Uint8Array | undefined {
    const { random } = this.#world;
    const { history } = journal;
    const back = random.chance(0.6) ? Math.min(4, history.length) : history.length;
    return history[history.length - random.between(1, Math.max(1, back))];
  }

  #clone(chosen: Device): void {
    const { random } = this.#world;
    const device = this.#busyOr(chosen);
    if (this.#isTwice(device)) return;
    this.#world.fault("device cloned", device.name);
    const copy = this.#fleet.clone(device);
    this.#startLater(copy, 500, 15_000);
    if (random.chance(0.4)) {
      this.#takeTurns(device, copy);
      return;
    }
    // Often the original is off when its image is started. Sometimes the two take turns and are
    // never connected at the same time.
    if (random.chance(0.7)) this.#takeOffline(device, 25_000);
    if (random.chance(0.7)) this.#later(16_000, 30_000, () => this.#takeOffline(copy, 40_000));
  }

  /**
   * Starts a second device with the same key and journal, like a disk in another machine or a
   * restored backup next to its original.
   */
  #copy(chosen: Device): void {
    const { random } = this.#world;
    // The most critical moment is the write of a start: neither the copy nor the server knows the
    // start, and the device waits for the grant.
    if (random.chance(0.6)) {
      const fault = () => this.#copyNow(chosen, chosen.journal.bytes);
      chosen.journal.atWrite = { writesBefore: random.between(0, 3), fault };
      return;
    }
    const device = this.#busyOr(chosen);
    this.#copyNow(device, random.chance(0.5) ? device.journal.bytes : this.#earlierJournal(device));
  }

  #copyNow(device: Device, journal: Uint8Array | null | undefined): void {
    const { random } = this.#world;
    if (!journal || this.#isTwice(device) || !this.#world.injectsFaults) return;
    const copy = this.#fleet.copy(device, journal);
    const original = random.pick(["stays", "comes back", "comes back", "is gone"]);
    this.#world.fault("device copied with its journal", `${device.name}, which ${original}`);
    if (original === "stays" && random.chance(0.6)) {
      this.#takeTurns(device, copy);
      return;
    }
    if (original === "is gone") this.remove(device);
    if (original === "comes back") this.#takeOffline(device, 25_000);
    this.#startLater(copy, 500, 15_000);
    if (random.chance(0.5)) this.#later(16_000, 30_000, () => this.#takeOffline(copy, 40_000));
  }

  /**
   * Connects the original, the copy or both in turns. Each is switched off and on, restarted or cut
   * off, for seconds or for longer than a ping interval.
   */
  #takeTurns(original: Device, copy: Device): void {
    const { random, timeline } = this.#world;
    this.#world.fault("copies take turns", original.name);
    let atMs = 0;
    for (let turns = random.between(2, 7); turns > 0; turns -= 1) {
      const [one, other] = random.chance(0.5) ? [original, copy] : [copy, original];
      timeline.after(atMs, () => {
        if (this.#world.injectsFaults) this.#turn(one, other);
      });
      atMs += random.chance(0.7) ? random.between(300, 12_000) : random.between(12_000, 45_000);
    }
  }

  #turn(one: Device, other: Device): void {
    const { random } = this.#world;
    one.isOnline = !one.isGone;
    one.startAgent();
    const ends: readonly [() => void, ...(() => void)[]] = [
      () => other.kill("its turn is over", random.chance(0.5)),
      () => other.stop(),
      () => this.#takeOffline(other),
      () => this.#breakLink(other, "link broken", { server: random.chance(0.5), agent: true }),
      () => undefined,
    ];
    random.pick(ends)();
  }

  #isTwice({ machineId }: Device): boolean {
    return this.#fleet.devices.filter((device) => device.machineId === machineId).length > 1;
  }

  /** Prefers a device that runs a script, because a fault is most critical there. */
  #busyOr(chosen: Device): Device {
    const busy = this.#fleet.devices.find(({ processes }) => processes.living.length > 0);
    return busy && this.#world.random.chance(0.8) ? busy : chosen;
  }

  #startLater(device: Device, lowMs: number, highMs: number): void {
    this.#later(lowMs, highMs, () => device.startAgent());
  }

  #later(lowMs: number, highMs: number, run: () => void): void {
    const { timeline, random } = this.#world;
    timeline.after(random.between(lowMs, highMs), run);
  }
}
