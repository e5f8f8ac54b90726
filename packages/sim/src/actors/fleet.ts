import { LINK_VERSION, OLDEST_LINK_VERSION, parseServerFrame } from "@halligan/protocol/link";
import { NO_CONTINUITY } from "@halligan/server/simulation";
import { Device, type DeviceWatcher, facts } from "../device/device.ts";
import type { CloneWatch } from "../invariants/clone-watch.ts";
import type { CommandOracle } from "../invariants/command-oracle.ts";
import type { ServerFrames } from "../invariants/server-frames.ts";
import type { WaitingReasons } from "../invariants/waiting-reasons.ts";
import type { Nodes } from "../server/nodes.ts";
import { keyPair } from "../world/keys.ts";
import type { World } from "../world/world.ts";

interface FleetWatch {
  oracle: CommandOracle;
  frames: ServerFrames;
  clones: CloneWatch;
  reasons: WaitingReasons;
}

/**
 * The devices of a run. They are already enrolled: the store contains each machine with its key.
 */
export class Fleet {
  readonly #world: World;
  readonly #server: Nodes;
  readonly #watcher: DeviceWatcher;
  readonly #clones: CloneWatch;
  readonly devices: Device[] = [];
  /**
   * Machines with a second device that has the same key and its own journal. The two must connect
   * and be distinguished.
   */
  readonly cloned = new Set<string>();
  /** Machines with a second device that has the same key and a copy of the journal. */
  readonly copied = new Set<string>();
  /**
   * Machines with a device that was set back. A device that presents an old value cannot be
   * distinguished from a copy.
   */
  readonly setBack = new Set<string>();

  constructor(world: World, server: Nodes, watch: FleetWatch) {
    this.#world = world;
    this.#clones = watch.clones;
    this.#server = server;
    this.#watcher = {
      agentSends: (text) => watch.reasons.agentSends(text),
      commands: (device) => watch.oracle.watcher(device),
      serverSends: (device, text, said) => {
        watch.frames.sent(device, text, said);
        const frame = device.atGrant && text.startsWith('{"type":"startGranted"') ? parseServerFrame(text) : null;
        if (frame?.type === "startGranted") device.granted(frame);
      },
    };
  }

  async enroll(count: number): Promise<void> {
    for (let number = 1; number <= count; number += 1) {
      const device = this.#add(`device${number}`, `device ${number}`);
      await this.#server.running?.context.store.write(async (tx) => {
        await tx.machines.insert({
          id: device.machineId,
          facts: facts(device.name),
          tags: [],
          firstSeenMs: this.#world.wallMs,
          lastSeenMs: this.#world.wallMs,
          lastExternalIp: null,
          linked: false,
          nodeId: null,
          connectionEpoch: 0,
          journalId: null,
          lastOrderSeq: 0,
          quarantined: false,
          quarantineReason: null,
          features: [],
          continuity: NO_CONTINUITY,
          groupId: 0,
          displayName: null,
          retirement: null,
          removedAtMs: null,
          secretKey: null,
        });
        const { machineId, key } = device;
        const fromMs = this.#world.wallMs;
        await tx.machines.addKey({ machineId, publicKey: key.publicKey, fromMs, enrolledWith: "token" });
      });
    }
  }

  /**
   * Adds a device with the same key and its own journal, like an image that was taken before the
   * first start.
   */
  clone(original: Device): Device {
    this.cloned.add(original.machineId);
    return this.#copy(original);
  }

  /** Adds a device with the same key and this content of the same journal. */
  copy(original: Device, journal: Uint8Array): Device {
    this.copied.add(original.machineId);
    const copy = this.#copy(original);
    copy.journal.restore(journal);
    return copy;
  }

  /**
   * Whether the server must detect the copies of a machine by the end. Only their journals
   * distinguish agents of link version 1.
   */
  mustBeFound({ machineId, linkVersion }: Device): boolean {
    if (linkVersion === OLDEST_LINK_VERSION && !this.cloned.has(machineId)) return false;
    return this.hasLivingCopies(machineId);
  }

  /** Whether two devices of a machine exist and connect. */
  hasLivingCopies(machineId: string): boolean {
    return this.devices.filter((device) => device.machineId === machineId && !device.isGone).length > 1;
  }

  #copy(original: Device): Device {
    this.#clones.copied(original.machineId);
    const copy = new Device(
      this.#world,
      this.#server,
      this.#watcher,
      `${original.name}*`,
      original.key,
      original.linkVersion,
    );
    this.devices.push(copy);
    return copy;
  }

  #add(name: string, keyName: string): Device {
    const linkVersion = this.#world.random.chance(0.15) ? OLDEST_LINK_VERSION : LINK_VERSION;
    const device = new Device(this.#world, this.#server, this.#watcher, name, keyPair(keyName), linkVersion);
    this.devices.push(device);
    return device;
  }
}
