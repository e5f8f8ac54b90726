import type { TakenLink } from "../bus/bus.ts";
import type { DeviceMarks, LinkIdentity } from "../service/agents/link-lifecycle.ts";
import {
  hasNewerLink,
  machinesRetiredSince,
  machinesToSend,
  machinesWithWork,
} from "../service/agents/machines-of-node.ts";
import { quarantineMachine } from "../service/agents/quarantine-machine.ts";
import type { ServiceContext } from "../service/context.ts";
import type { LinkSocket, LinkSocketEvents } from "./connection/link-socket.ts";
import {
  type ConnectionBounds,
  ConnectionBudget,
  type ConnectionCounts,
  type ConnectionRefusal,
  DEFAULT_BOUNDS,
  type MachineRefusal,
} from "./connection-budget.ts";
import { HINTS_PER_TICK, HintGate } from "./hint-gate.ts";
import { Link } from "./link/link.ts";
import type { LinkMarks, LinkOwner } from "./link/link-owner.ts";

/** How long a hint takes to another node at the most, when it arrives at all. */
const HINT_MS = 1_000;
/** How long a live process of link version 2 may take to answer a probe. One that takes longer is found out later, by its value. */
export const PROBE_MS = 3_000;

/**
 * How far back connections of retired machines are looked for. Only a lost wake-up leaves one open,
 * and a node that cannot read the store for this long has closed all its connections.
 */
const RETIRED_WITHIN_MS = 10 * 60_000;

export interface GatewayOptions extends Partial<ConnectionBounds> {
  pingIntervalMs: number;
  /** Machines that are connected at once. */
  maxLinks: number;
}

/** Where one side does not name its process, the journal alone tells: link version 1. */
function mayBeOneProcess(older: DeviceMarks, newer: DeviceMarks): boolean {
  if (older.journalId !== newer.journalId) return false;
  return older.processId === null || newer.processId === null || older.processId === newer.processId;
}

/** All links of this node: at most one a machine that is ready, woken by the bus. */
export class Gateway implements LinkOwner<Link> {
  readonly #context: ServiceContext;
  readonly #options: GatewayOptions;
  readonly #budget: ConnectionBudget<Link>;
  readonly #all = new Set<Link>();
  readonly #ready = new Map<string, Link>();
  /** Machines whose newest link is being looked up because of a message. */
  readonly #looking = new Set<string>();
  readonly #unsubscribe: () => void;
  readonly #wakes: HintGate<string>;
  readonly #takes: HintGate<TakenLink>;
  #isPumpingWaiting = false;
  #closing = false;

  constructor(context: ServiceContext, options: GatewayOptions) {
    this.#context = context;
    this.#options = options;
    this.#budget = new ConnectionBudget({ ...DEFAULT_BOUNDS, ...options });
    const { bus } = context;
    const subscriptions = [
      bus.onMachineWake((machineId, isRemote) => this.#woken(machineId, isRemote)),
      bus.onLinkTaken((taken) => this.#takenSomewhere(taken)),
      bus.onHintsLost(() => void this.#pumpWaiting()),
    ];
    const dropped = () => context.measures.busMessageDropped("tooMany");
    this.#wakes = new HintGate<string>(context.clock, {
      deliver: (machineId) => this.#ready.get(machineId)?.pump(),
      overflowed: () => void this.#pumpWaiting(),
      dropped,
    });
    // The older link finds out by itself when it next reads the store.
    this.#takes = new HintGate<TakenLink>(context.clock, {
      deliver: (taken) => void this.#taken(taken),
      overflowed: () => undefined,
      dropped,
    });
    this.#unsubscribe = () => {
      for (const unsubscribe of subscriptions) unsubscribe();
      this.#wakes.close();
      this.#takes.close();
    };
  }

  /** Whether a connection from this address may be made; null as the address where many devices share it. */
  refusalFor(address: string | null): ConnectionRefusal | null {
    const refusal = this.#budget.refusalFor(address, this.#context.clock.monotonicMs());
    if (refusal) this.#context.measures.connectionRefused(refusal.code);
    return refusal;
  }

  /** Takes a new connection over; null when the server stops, and the caller closes it. */
  connect(socket: LinkSocket, address: string | null = socket.remoteAddress): LinkSocketEvents | null {
    if (this.#closing) return null;
    const link = new Link(this.#context, socket, this, this.#options);
    this.#all.add(link);
    const crowdedOut = this.#budget.opened(link, address);
    if (crowdedOut) {
      this.#context.measures.connectionRefused("unauthenticatedFull");
      void crowdedOut.close("goingAway", "too many connections whose device is not known");
    }
    return link;
  }

  proves(link: Link, machineId: string): MachineRefusal | null {
    const refusal = this.#budget.proved(link, machineId, this.#context.clock.monotonicMs());
    if (refusal) this.#context.measures.connectionRefused(refusal);
    return refusal;
  }

  /** Of a machine's connections whose hello is not answered only the newest one can still become ready. */
  proven(link: Link, { machineId, linkEpoch }: LinkIdentity): void {
    for (const other of this.#budget.of(machineId)) {
      const isOlder = other.identity && other.identity.linkEpoch < linkEpoch;
      if (other === link || !isOlder || this.#ready.get(machineId) === other) continue;
      void other.close("replaced", "a newer link was accepted");
    }
  }

  /**
   * The same process with the same journal has lost its older link, whether this side noticed or not. Another process, or
   * another journal, is either the same device, started again or wiped, or a second one with its key: whether the process
   * of the older link still runs tells which.
   */
  async admits(
    { machineId, linkEpoch }: LinkIdentity,
    marks: LinkMarks,
    leftNode: DeviceMarks | null,
  ): Promise<boolean> {
    if (leftNode) {
      this.#context.bus.linkTaken({ machineId, linkEpoch, ...marks });
      // The other node asks its link, and puts the machine in quarantine if that process still runs; this link is then stale.
      if (!mayBeOneProcess(leftNode, marks)) await this.#wait(this.#proofMs(leftNode) + HINT_MS);
    }
    for (;;) {
      const older = this.#ready.get(machineId);
      if (!older?.marks || mayBeOneProcess(older.marks, marks)) return true;
      // One that came later than this says nothing about this one, which is stale and will be told so.
      if (older.identity && older.identity.linkEpoch > linkEpoch) return true;
      if (await older.provesAlive(this.#proofMs(older.marks))) {
        await this.#quarantine(machineId, older.marks, marks);
        return false;
      }
      if (this.#ready.get(machineId) === older) void older.close("silent", "no sign of life while another one came");
    }
  }

  /** Hints about machines that have no link here cost nothing, so they take no part of the gate. */
  #woken(machineId: string, isRemote: boolean): void {
    if (!isRemote) this.#ready.get(machineId)?.pump();
    else if (this.#ready.has(machineId)) this.#wakes.offer(machineId, machineId);
  }

  #takenSomewhere(taken: TakenLink): void {
    const { identity } = this.#ready.get(taken.machineId) ?? {};
    if (identity && identity.linkEpoch < taken.linkEpoch) this.#takes.offer(taken.machineId, taken);
  }

  /** More hints came than are believed: one look says which machines have something to be sent. */
  async #pumpWaiting(): Promise<void> {
    if (this.#isPumpingWaiting) return;
    this.#isPumpingWaiting = true;
    try {
      const machineIds = await machinesToSend(this.#context, HINTS_PER_TICK);
      for (const machineId of machineIds) this.#ready.get(machineId)?.pump();
    } catch (cause) {
      this.#context.log.error({ err: cause }, "machines that wait could not be looked up");
    } finally {
      this.#isPumpingWaiting = false;
    }
  }

  /**
   * Another node has a newer link of a machine. Of the same process, this one is over; of another one, there are two if this
   * one lives. The message is a hint, because every client of the bus may send it: the store says whether there is a newer
   * link. One look at a time for each machine bounds what a flood of messages costs.
   */
  async #taken({ machineId, linkEpoch, ...marks }: TakenLink): Promise<void> {
    const older = this.#ready.get(machineId);
    if (!older?.identity || !older.marks || older.identity.linkEpoch >= linkEpoch) return;
    if (this.#looking.has(machineId)) return;
    this.#looking.add(machineId);
    try {
      if (await hasNewerLink(this.#context, older.identity)) await this.#replaced(older, older.marks, machineId, marks);
    } catch (cause) {
      // The link finds out by itself when it next reads the store.
      this.#context.log.error({ err: cause, machineId }, "a newer link could not be looked up");
    } finally {
      this.#looking.delete(machineId);
    }
  }

  async #replaced(older: Link, olderMarks: LinkMarks, machineId: string, marks: LinkMarks): Promise<void> {
    if (!mayBeOneProcess(olderMarks, marks) && (await older.provesAlive(this.#proofMs(olderMarks)))) {
      await this.#quarantine(machineId, olderMarks, marks).catch((cause: unknown) =>
        this.#context.log.error({ err: cause, machineId }, "a machine could not be put in quarantine"),
      );
      return;
    }
    await older.close("replaced", "a newer link was accepted");
  }

  async #quarantine(machineId: string, older: LinkMarks, newer: LinkMarks): Promise<void> {
    const evidence = older.journalId === newer.journalId ? "TwoProcesses" : "TwoJournals";
    await quarantineMachine(this.#context, machineId, evidence, [older.journalId, newer.journalId]);
    this.closeAllOf(machineId);
  }

  /** How long a live device of these marks may take to prove it: agents of link version 1 speak once in a ping interval. */
  #proofMs({ processId }: DeviceMarks): number {
    const { pingIntervalMs } = this.#options;
    return processId === null ? pingIntervalMs : Math.min(PROBE_MS, pingIntervalMs);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#context.clock.after(delayMs, resolve));
  }

  ready(link: Link, { machineId }: LinkIdentity): void {
    const older = this.#ready.get(machineId);
    this.#ready.set(machineId, link);
    if (older) void older.close("replaced", "a newer link was accepted");
  }

  ended(link: Link): void {
    this.#all.delete(link);
    this.#budget.closed(link);
    const machineId = link.identity?.machineId;
    if (machineId !== undefined && this.#ready.get(machineId) === link) this.#ready.delete(machineId);
  }

  /** A wake-up may have been lost: the machines that have work are looked up in the store and their links asked again. */
  async rereadStore(): Promise<void> {
    const machineIds = await machinesWithWork(this.#context, 10_000);
    for (const machineId of machineIds) this.#ready.get(machineId)?.retry();
    const sinceMs = this.#context.clock.nowMs() - RETIRED_WITHIN_MS;
    const retired = await machinesRetiredSince(this.#context, sinceMs, 10_000);
    for (const machineId of retired) this.#ready.get(machineId)?.pump();
  }

  /** Of a machine in quarantine. Not awaited: the link that led to this waits for it. */
  closeAllOf(machineId: string): void {
    for (const link of this.#all) {
      if (link.identity?.machineId === machineId) void link.close("quarantined", "two devices use this machine's key");
    }
  }

  /** Makes every device dial anew: what the store says of their links does not hold any more. */
  async closeLinks(): Promise<void> {
    await Promise.all([...this.#all].map((link) => link.close("goingAway", "the node was taken for dead")));
  }

  get counts(): ConnectionCounts {
    return this.#budget.counts(this.#ready.size);
  }

  /** Tells every device to come back, and waits until what was under way is written. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#unsubscribe();
    await Promise.all([...this.#all].map((link) => link.close("goingAway", "the server stops")));
  }
}
