import type { NewerConnection } from "../bus/bus.ts";
import type { ConnectionIdentity, DeviceInstance } from "../service/agents/connection/connection-identity.ts";
import {
  hasNewerConnection,
  machinesRetiredSince,
  machinesToSend,
  machinesWithWork,
} from "../service/agents/connection/machines-of-node.ts";
import { quarantineMachine } from "../service/agents/quarantine-machine.ts";
import type { ServiceContext } from "../service/context.ts";
import { AgentConnection } from "./agent-connection/agent-connection.ts";
import type { ConnectionOwner, HelloInstance } from "./agent-connection/connection-owner.ts";
import {
  type ConnectionBounds,
  ConnectionBudget,
  type ConnectionCounts,
  type ConnectionRefusal,
  DEFAULT_BOUNDS,
  type MachineRefusal,
} from "./connection-budget.ts";
import type { AgentSocket, AgentSocketEvents } from "./frames/agent-socket.ts";
import { HINTS_PER_TICK, HintGate } from "./hint-gate.ts";

/** Longest delay of a hint to another node, if the hint arrives at all. */
const HINT_MS = 1_000;
/**
 * Longest time in which a live process of link version 2 answers a probe. If it takes longer, it is
 * detected later, by its rolling value.
 */
export const PROBE_MS = 3_000;

/**
 * How far back the gateway looks for retired machines that may still be connected. A connection of
 * a retired machine stays open only when a wake-up was lost. A node that cannot read the store for
 * this long has closed all its connections.
 */
const RETIRED_WITHIN_MS = 10 * 60_000;

export interface GatewayOptions extends Partial<ConnectionBounds> {
  pingIntervalMs: number;
  /** Largest number of connected machines. */
  maxConnections: number;
}

/** In link version 1 a device does not name its process, so only the journals are compared. */
function mayBeOneProcess(older: DeviceInstance, newer: DeviceInstance): boolean {
  if (older.journalId !== newer.journalId) return false;
  return older.processId === null || newer.processId === null || older.processId === newer.processId;
}

/**
 * All agent connections of this node. At most one connection of a machine is ready. Messages of the
 * bus make the connections look for work.
 */
export class Gateway implements ConnectionOwner<AgentConnection> {
  readonly #context: ServiceContext;
  readonly #options: GatewayOptions;
  readonly #budget: ConnectionBudget<AgentConnection>;
  readonly #all = new Set<AgentConnection>();
  readonly #ready = new Map<string, AgentConnection>();
  /** Machines for which the store is being read because of a message. */
  readonly #machinesBeingChecked = new Set<string>();
  readonly #unsubscribe: () => void;
  readonly #wakeUps: HintGate<string>;
  readonly #announcements: HintGate<NewerConnection>;
  #isCheckingAll = false;
  #closing = false;

  constructor(context: ServiceContext, options: GatewayOptions) {
    this.#context = context;
    this.#options = options;
    this.#budget = new ConnectionBudget({ ...DEFAULT_BOUNDS, ...options });
    const { bus } = context;
    const subscriptions = [
      bus.onMachineWake((machineId, isRemote) => this.#machineWoken(machineId, isRemote)),
      bus.onConnectionAnnounced((announced) => this.#connectionAnnounced(announced)),
      bus.onHintsLost(() => void this.#checkAllForWork()),
    ];
    const dropped = () => context.measures.busMessageDropped("tooMany");
    this.#wakeUps = new HintGate<string>(context.clock, {
      deliver: (machineId) => this.#ready.get(machineId)?.checkForWork(),
      overflowed: () => void this.#checkAllForWork(),
      dropped,
    });
    // The older connection detects this when it next reads the store.
    this.#announcements = new HintGate<NewerConnection>(context.clock, {
      deliver: (announced) => void this.#checkAnnounced(announced),
      overflowed: () => undefined,
      dropped,
    });
    this.#unsubscribe = () => {
      for (const unsubscribe of subscriptions) unsubscribe();
      this.#wakeUps.close();
      this.#announcements.close();
    };
  }

  /** Whether a connection from this address may be made. Null: many devices share the address. */
  refusalFor(address: string | null): ConnectionRefusal | null {
    const refusal = this.#budget.refusalFor(address, this.#context.clock.monotonicMs());
    if (refusal) this.#context.measures.connectionRefused(refusal.code);
    return refusal;
  }

  /**
   * Takes over a new connection. Returns null when the server is stopping; the caller then closes
   * the connection.
   */
  connect(socket: AgentSocket, address: string | null = socket.remoteAddress): AgentSocketEvents | null {
    if (this.#closing) return null;
    const connection = new AgentConnection(this.#context, socket, this, this.#options);
    this.#all.add(connection);
    const evicted = this.#budget.opened(connection, address);
    if (evicted) {
      this.#context.measures.connectionRefused("unauthenticatedFull");
      void evicted.close("goingAway", "too many unauthenticated connections");
    }
    return connection;
  }

  admitMachine(connection: AgentConnection, machineId: string): MachineRefusal | null {
    const refusal = this.#budget.assignToMachine(connection, machineId, this.#context.clock.monotonicMs());
    if (refusal) this.#context.measures.connectionRefused(refusal);
    return refusal;
  }

  async recordStarts(connection: AgentConnection, machineId: string): Promise<number | null> {
    let newest = 0;
    for (const other of this.#budget.of(machineId)) {
      if (other === connection || !other.identity) continue;
      if (!(await other.recordStarts())) return null;
      newest = Math.max(newest, other.identity.connectionEpoch);
    }
    return newest || null;
  }

  /**
   * If several connections of a machine wait for an answer to their hello, only the newest one can
   * become ready.
   */
  epochAssigned(connection: AgentConnection, { machineId, connectionEpoch }: ConnectionIdentity): void {
    for (const other of this.#budget.of(machineId)) {
      const isOlder = other.identity && other.identity.connectionEpoch < connectionEpoch;
      if (other === connection || !isOlder || this.#ready.get(machineId) === other) continue;
      void other.close("replaced", "a newer link was accepted");
    }
  }

  /**
   * If process and journal are the same, the older connection is lost, whether or not this node has
   * noticed it. If one of them differs, there are two cases: the same device was restarted or
   * wiped, or a second device uses its key. The cases are distinguished by probing whether the
   * process of the older connection still runs.
   */
  async mayAnswerHello(
    { machineId, connectionEpoch }: ConnectionIdentity,
    marks: HelloInstance,
    leftNode: DeviceInstance | null,
  ): Promise<boolean> {
    if (leftNode) {
      this.#context.bus.announceConnection({ machineId, connectionEpoch, ...marks });
      // The other node probes its connection and puts the machine in quarantine if that process
      // still runs. This connection is then stale.
      if (!mayBeOneProcess(leftNode, marks)) await this.#wait(this.#probeTimeoutMs(leftNode) + HINT_MS);
    }
    for (;;) {
      const older = this.#ready.get(machineId);
      if (!older?.marks || mayBeOneProcess(older.marks, marks)) return true;
      // If another connection came later, this one is stale and will be closed as such; the probe
      // is of no use to it.
      if (older.identity && older.identity.connectionEpoch > connectionEpoch) return true;
      if (await older.isAliveWithin(this.#probeTimeoutMs(older.marks))) {
        await this.#quarantine(machineId, older.marks, marks);
        return false;
      }
      if (this.#ready.get(machineId) === older) void older.close("silent", "silent while a newer connection waited");
    }
  }

  /**
   * A hint about a machine without a connection here costs nothing, so it does not count against
   * the gate.
   */
  #machineWoken(machineId: string, isRemote: boolean): void {
    if (!isRemote) this.#ready.get(machineId)?.checkForWork();
    else if (this.#ready.has(machineId)) this.#wakeUps.deliverOrQueue(machineId, machineId);
  }

  #connectionAnnounced(announced: NewerConnection): void {
    const { identity } = this.#ready.get(announced.machineId) ?? {};
    if (identity && identity.connectionEpoch < announced.connectionEpoch)
      this.#announcements.deliverOrQueue(announced.machineId, announced);
  }

  /**
   * There were more hints than the gate delivers. One query finds all machines that have something
   * to send.
   */
  async #checkAllForWork(): Promise<void> {
    if (this.#isCheckingAll) return;
    this.#isCheckingAll = true;
    try {
      const machineIds = await machinesToSend(this.#context, HINTS_PER_TICK);
      for (const machineId of machineIds) this.#ready.get(machineId)?.checkForWork();
    } catch (cause) {
      this.#context.log.error({ err: cause }, "reading the machines with waiting work failed");
    } finally {
      this.#isCheckingAll = false;
    }
  }

  /**
   * Another node announced a newer connection of a machine. If both connections have the same
   * process, this one is over. Otherwise there are two devices if this one is alive. The message is
   * only a hint, because every client of the bus can send it; the store says whether there is a
   * newer connection. Only one query runs at a time for each machine, which bounds the cost of a
   * flood of messages.
   */
  async #checkAnnounced({ machineId, connectionEpoch, ...marks }: NewerConnection): Promise<void> {
    const older = this.#ready.get(machineId);
    if (!older?.identity || !older.marks || older.identity.connectionEpoch >= connectionEpoch) return;
    if (this.#machinesBeingChecked.has(machineId)) return;
    this.#machinesBeingChecked.add(machineId);
    try {
      if (await hasNewerConnection(this.#context, older.identity))
        await this.#replaceOlder(older, older.marks, machineId, marks);
    } catch (cause) {
      // The connection detects this itself when it next reads the store.
      this.#context.log.error({ err: cause, machineId }, "reading the newest connection of a machine failed");
    } finally {
      this.#machinesBeingChecked.delete(machineId);
    }
  }

  async #replaceOlder(
    older: AgentConnection,
    olderMarks: HelloInstance,
    machineId: string,
    marks: HelloInstance,
  ): Promise<void> {
    if (!mayBeOneProcess(olderMarks, marks) && (await older.isAliveWithin(this.#probeTimeoutMs(olderMarks)))) {
      await this.#quarantine(machineId, olderMarks, marks).catch((cause: unknown) =>
        this.#context.log.error({ err: cause, machineId }, "machine quarantine failed"),
      );
      return;
    }
    await older.close("replaced", "a newer link was accepted");
  }

  async #quarantine(machineId: string, older: HelloInstance, newer: HelloInstance): Promise<void> {
    const evidence = older.journalId === newer.journalId ? "TwoProcesses" : "TwoJournals";
    await quarantineMachine(this.#context, machineId, evidence, [older.journalId, newer.journalId]);
    this.closeAllOf(machineId);
  }

  /**
   * How long a live device may take to answer a probe. Agents of link version 1 send one
   * frame per ping interval.
   */
  #probeTimeoutMs({ processId }: DeviceInstance): number {
    const { pingIntervalMs } = this.#options;
    return processId === null ? pingIntervalMs : Math.min(PROBE_MS, pingIntervalMs);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#context.clock.after(delayMs, resolve));
  }

  ready(connection: AgentConnection, { machineId }: ConnectionIdentity): void {
    const older = this.#ready.get(machineId);
    this.#ready.set(machineId, connection);
    this.#context.readyAgents.add(machineId, connection);
    if (older) void older.close("replaced", "a newer link was accepted");
  }

  ended(connection: AgentConnection): void {
    this.#all.delete(connection);
    this.#budget.closed(connection);
    const machineId = connection.identity?.machineId;
    if (machineId === undefined) return;
    this.#context.readyAgents.remove(machineId, connection);
    if (this.#ready.get(machineId) === connection) this.#ready.delete(machineId);
  }

  /**
   * A wake-up may have been lost, so the store is asked for machines that have work, and their
   * connections are woken.
   */
  async rereadStore(): Promise<void> {
    const machineIds = await machinesWithWork(this.#context, 10_000);
    for (const machineId of machineIds) this.#ready.get(machineId)?.retry();
    const sinceMs = this.#context.clock.nowMs() - RETIRED_WITHIN_MS;
    const retired = await machinesRetiredSince(this.#context, sinceMs, 10_000);
    for (const machineId of retired) this.#ready.get(machineId)?.checkForWork();
  }

  /**
   * Closes the connections of a machine in quarantine. Not awaited, because the connection that
   * caused this waits for it.
   */
  closeAllOf(machineId: string): void {
    for (const connection of this.#all) {
      if (connection.identity?.machineId === machineId)
        void connection.close("quarantined", "two devices use this machine's key");
    }
  }

  /**
   * Makes every device reconnect, because what the store says about the connections no longer
   * holds.
   */
  async closeConnections(): Promise<void> {
    await Promise.all([...this.#all].map((connection) => connection.close("goingAway", "the node lost its lease")));
  }

  get counts(): ConnectionCounts {
    return this.#budget.counts(this.#ready.size);
  }

  /** Tells every device to reconnect later, and waits until all work that has begun is written. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#unsubscribe();
    await Promise.all([...this.#all].map((connection) => connection.close("goingAway", "the server stops")));
  }
}
