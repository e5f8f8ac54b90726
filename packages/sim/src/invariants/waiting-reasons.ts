import type { CommandRef } from "@halligan/agent/simulation";
import { parseAgentFrame } from "@halligan/protocol/link";
import { type Waiting, withWaiting } from "@halligan/server/simulation";
import type { Device } from "../device/device.ts";
import { short } from "../link/describe-frame.ts";
import type { SimLink } from "../link/sim-link.ts";
import type { ActionRow, SimDatabase } from "../server/sim-database.ts";
import { serviceLimits } from "../world/settings.ts";
import type { World } from "../world/world.ts";
import { isFinalStatus } from "./action-ledger.ts";

/**
 * How long the server may believe in a connection that is gone: it misses heartbeats, its store may
 * be cut off, and it may crash and start again.
 */
const UNNOTICED_MS = 6 * 60_000;
/** How long the report of a start may take on a connection that works. */
const UNREPORTED_MS = 3 * 60_000;

/** What an outside observer saw of the commands on all devices. */
export interface SeenCommands {
  /** When it first began, by the clock of the run; undefined if it never did. */
  begunAtMs(command: Pick<CommandRef, "actionId" | "index">): number | undefined;
  hasCompleted(command: Pick<CommandRef, "actionId" | "index">): boolean;
}

const keyOf = ({ actionId, index }: Pick<CommandRef, "actionId" | "index">): string => `${actionId} ${index}`;

interface Parts {
  world: World;
  database: SimDatabase;
  /** Session slots of the deployment. */
  slots: number;
  seen: SeenCommands;
}

/** A due action waits for the machine's unfinished one, and for those with an earlier start. */
const isFirst = (other: ActionRow, row: ActionRow): boolean =>
  !isFinalStatus(other.status) && (other.scheduled_ms ?? 0) < (row.scheduled_ms ?? 0);

/** The newest connection of a machine to which the server has answered a hello. */
interface Answered {
  link: SimLink;
  sinceMs: number;
}

/**
 * Asks the server's code what each unfinished action waits for, and compares the answer with what
 * happens on the devices.
 */
export class WaitingReasons {
  readonly #parts: Parts;
  readonly #answered = new Map<string, Answered>();
  /** Starts that devices have reported. A script begins when its start is granted. */
  readonly #reported = new Set<string>();
  /** When a device of the machine was last seen with a connection. */
  readonly #linkedAtMs = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  agentSends(text: string): void {
    const frame = text.startsWith('{"type":"started"') ? parseAgentFrame(text) : null;
    if (frame?.type === "started") this.#reported.add(keyOf(frame));
  }

  /** The server has answered the hello of a device on this connection. */
  helloAnswered({ machineId }: Device, link: SimLink | null): void {
    if (link) this.#answered.set(machineId, { link, sinceMs: this.#parts.world.timeline.nowMs });
  }

  /**
   * A retirement ends the connections of the machine for the server. Their sockets close when the
   * node learns of it, which takes until it reads the store again if the wake-up is lost. Called
   * when the retirement is asked for, and when it is answered.
   */
  retired(machineId: string): void {
    this.#answered.delete(machineId);
  }

  /** Called when all work of a step is done. Reads committed rows and changes nothing. */
  async check(devices: readonly Device[]): Promise<void> {
    const { world, database, slots } = this.#parts;
    const { nowMs } = world.timeline;
    for (const { machineId, link } of devices) if (link) this.#linkedAtMs.set(machineId, nowMs);
    const tx = database.committed();
    if (!tx) return;
    const rows = database.open();
    for (const row of rows) {
      const action = await tx.actions.byId(row.id);
      if (!action) continue;
      const context = { clock: { nowMs: () => world.wallMs }, limits: serviceLimits(slots) };
      const { waiting } = await withWaiting(context, tx, action);
      if ((waiting === null) !== isFinalStatus(row.status)) {
        this.#wrong(row, `it is ${row.status}, and its reason is ${waiting?.reason ?? "missing"}`);
      }
      if (waiting) this.#compare(row, waiting, rows, devices);
    }
  }

  #compare(row: ActionRow, waiting: Waiting, rows: readonly ActionRow[], devices: readonly Device[]): void {
    const { reason } = waiting;
    const isLater = row.scheduled_ms !== null && row.scheduled_ms > this.#parts.world.wallMs;
    if (isLater !== (reason === "NotBefore")) this.#wrong(row, `${reason}, and its start time is ${row.scheduled_ms}`);
    if (isLater) return;
    const isAway = reason === "DeviceOffline" || reason === "DeviceOfflineWhileRunning";
    const own = devices.filter(({ machineId }) => machineId === row.machine_id);
    if (isAway) {
      if (this.#isConnected(own)) this.#wrong(row, `${reason}, and its device is connected`);
      return;
    }
    if (this.#isGone(row.machine_id)) this.#wrong(row, `${reason}, and no device of it has had a connection for long`);
    this.#compareQueue(row, waiting, rows);
    this.#compareCommand(row, waiting, own);
  }

  /** True only if the server must know it: its own answer was sent on this connection. */
  #isConnected(devices: readonly Device[]): boolean {
    const [device, copy] = devices;
    // Of two devices with one key, the newer connection counts.
    if (!device || copy) return false;
    return device.link?.isUp === true && this.#answered.get(device.machineId)?.link === device.link;
  }

  #isGone(machineId: string): boolean {
    return this.#parts.world.timeline.nowMs - (this.#linkedAtMs.get(machineId) ?? 0) > UNNOTICED_MS;
  }

  #compareQueue(row: ActionRow, waiting: Waiting, rows: readonly ActionRow[]): void {
    const { slots, world } = this.#parts;
    const others = rows.filter((other) => other.machine_id === row.machine_id && other.id !== row.id);
    const previous =
      others.find(({ status, order_state }) => isFinalStatus(status) && order_state === "out") ??
      (row.scheduled_ms === null ? undefined : others.find((other) => isFirst(other, row)));
    if (waiting.reason === "PreviousActionEnding") {
      if (!previous || !others.some(({ id }) => id === waiting.actionId))
        this.#wrong(row, `no earlier order of ${short(waiting.actionId)} is out`);
      return;
    }
    const isBehind = waiting.reason === "Dispatching" || waiting.reason === "SessionLimit";
    if (isBehind && previous) this.#wrong(row, `${waiting.reason}, and the order of ${short(previous.id)} is out`);
    if (waiting.reason !== "SessionLimit") return;
    const holds = ({ holds_place, place_until_ms }: ActionRow) =>
      holds_place === 1 && (place_until_ms === null || place_until_ms > world.wallMs);
    const unfinished = rows.filter(({ status }) => !isFinalStatus(status));
    const free = slots - unfinished.filter(holds).length;
    const without = unfinished.filter((other) => !holds(other)).length;
    if (holds(row) || waiting.position <= free || waiting.position > without) {
      this.#wrong(row, `it is number ${waiting.position} of ${without}, and ${free} slots are free`);
    }
  }

  #compareCommand(row: ActionRow, waiting: Waiting, devices: readonly Device[]): void {
    switch (waiting.reason) {
      case "Dispatching":
        this.#compareUnstarted(row, devices);
        break;
      case "StartNotGranted":
        if (this.#parts.seen.hasCompleted({ actionId: row.id, index: waiting.index - 1 })) break;
        this.#wrong(row, `StartNotGranted of command ${waiting.index}, and the one before has not completed`);
        break;
      case "Running":
      case "Transferring":
      case "InsufficientStorage":
      case "ResultQuotaExceeded":
        this.#compareStarted(row, waiting.reason, waiting.index);
    }
  }

  #compareStarted(row: ActionRow, reason: string, index: number): void {
    const command = { actionId: row.id, index };
    if (this.#reported.has(keyOf(command)) || this.#parts.seen.begunAtMs(command) !== undefined) return;
    this.#wrong(row, `${reason} of command ${index}, which no device has begun or reported`);
  }

  #compareUnstarted(row: ActionRow, devices: readonly Device[]): void {
    const { world, seen } = this.#parts;
    const { nowMs } = world.timeline;
    const begunAtMs = seen.begunAtMs({ actionId: row.id, index: 0 });
    const sinceMs = this.#answered.get(row.machine_id)?.sinceMs ?? nowMs;
    // A server that was set back does not know the order.
    if (begunAtMs === undefined || world.wasRestored || !this.#isConnected(devices)) return;
    if (nowMs - Math.max(begunAtMs, sinceMs) <= UNREPORTED_MS) return;
    this.#wrong(row, "Dispatching, and its first command began long ago on a device that is connected");
  }

  #wrong({ id, status }: ActionRow, what: string): void {
    this.#parts.world.violated("reasonsAreTrue", `action ${id} (${status}): ${what}`);
  }
}
