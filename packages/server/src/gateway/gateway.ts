import type { TakenLink } from "../bus/bus.ts";
import type { ServiceContext } from "../service/context.ts";
import type { AcceptedLink, LinkIdentity } from "../service/link-lifecycle.ts";
import { quarantineMachine } from "../service/quarantine-machine.ts";
import { Link, type LinkOwner } from "./link.ts";
import type { LinkSocket, LinkSocketEvents } from "./link-socket.ts";

/** How long a hint takes to another node at the most, when it arrives at all. */
const HINT_MS = 1_000;

/**
 * How far back connections of retired machines are looked for. Only a lost wake-up leaves one open,
 * and a node that cannot read the store for this long has closed all its connections.
 */
const RETIRED_WITHIN_MS = 10 * 60_000;

export interface GatewayOptions {
  pingIntervalMs: number;
  /** Links at once, accepted or not. Beyond, a new one is told to come back. */
  maxLinks: number;
}

/** All links of this node: at most one a machine that is ready, woken by the bus. */
export class Gateway implements LinkOwner {
  readonly #context: ServiceContext;
  readonly #options: GatewayOptions;
  readonly #all = new Set<Link>();
  readonly #ready = new Map<string, Link>();
  readonly #unsubscribe: () => void;
  #closing = false;

  constructor(context: ServiceContext, options: GatewayOptions) {
    this.#context = context;
    this.#options = options;
    const { bus } = context;
    const subscriptions = [
      bus.onMachineWake((machineId) => this.#ready.get(machineId)?.pump()),
      bus.onLinkTaken((taken) => void this.#taken(taken)),
    ];
    this.#unsubscribe = () => {
      for (const unsubscribe of subscriptions) unsubscribe();
    };
  }

  /** Takes a new connection over; null when there is no room, and the caller closes it. */
  connect(socket: LinkSocket): LinkSocketEvents | null {
    if (this.#closing || this.#all.size >= this.#options.maxLinks) return null;
    const link = new Link(this.#context, socket, this, this.#options);
    this.#all.add(link);
    return link;
  }

  /**
   * A device that comes again with its own journal has lost its older link, whether this side noticed or not. Another journal is either
   * the same device, wiped, or a second one with its key: as agents speak once in every ping interval, the older link tells which.
   */
  async admits(
    { machineId, linkEpoch }: LinkIdentity,
    journalId: string,
    leftNode: AcceptedLink["leftNode"],
  ): Promise<boolean> {
    if (leftNode) {
      this.#context.bus.linkTaken({ machineId, linkEpoch, journalId });
      // The other node asks its link, and puts the machine in quarantine if that one still speaks; this link is then stale.
      if (leftNode.journalId !== journalId) await this.#wait(this.#options.pingIntervalMs + HINT_MS);
    }
    for (;;) {
      const older = this.#ready.get(machineId);
      if (!older || older.journalId === journalId) return true;
      // One that came later than this says nothing about this one, which is stale and will be told so.
      if (older.identity && older.identity.linkEpoch > linkEpoch) return true;
      if (await older.speaksWithin(this.#options.pingIntervalMs)) {
        await quarantineMachine(this.#context, machineId, [older.journalId ?? "", journalId]);
        this.#closeAllOf(machineId);
        return false;
      }
      if (this.#ready.get(machineId) === older) void older.close("silent", "no frame while another journal came");
    }
  }

  /** Another node has a newer link of a machine. Of the same device, this one is over; another journal makes two of them, if it speaks. */
  async #taken({ machineId, linkEpoch, journalId }: TakenLink): Promise<void> {
    const older = this.#ready.get(machineId);
    if (!older?.identity || older.identity.linkEpoch >= linkEpoch) return;
    if (older.journalId !== journalId && (await older.speaksWithin(this.#options.pingIntervalMs))) {
      await quarantineMachine(this.#context, machineId, [older.journalId ?? "", journalId]).catch((cause: unknown) =>
        this.#context.log.error({ err: cause, machineId }, "a machine could not be put in quarantine"),
      );
      this.#closeAllOf(machineId);
      return;
    }
    await older.close("replaced", "a newer link was accepted");
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
    const machineId = link.identity?.machineId;
    if (machineId !== undefined && this.#ready.get(machineId) === link) this.#ready.delete(machineId);
  }

  /** A wake-up may have been lost: the machines that have work are looked up in the store and their links asked again. */
  async rereadStore(): Promise<void> {
    const machineIds = await this.#context.store.read((tx) =>
      tx.actions.linkedMachinesWithWork(this.#context.node.id, 10_000),
    );
    for (const machineId of machineIds) this.#ready.get(machineId)?.retry();
    const sinceMs = this.#context.clock.nowMs() - RETIRED_WITHIN_MS;
    const retired = await this.#context.store.read((tx) => tx.machines.retiredSince(sinceMs, 10_000));
    for (const machineId of retired) this.#ready.get(machineId)?.pump();
  }

  /** Not awaited: the link that led to this waits for it. */
  #closeAllOf(machineId: string): void {
    for (const link of this.#all) {
      if (link.identity?.machineId === machineId) void link.close("quarantined", "two devices use this machine's key");
    }
  }

  /** Makes every device dial anew: what the store says of their links does not hold any more. */
  async closeLinks(): Promise<void> {
    await Promise.all([...this.#all].map((link) => link.close("goingAway", "the node was taken for dead")));
  }

  /** Tells every device to come back, and waits until what was under way is written. */
  get linkCount(): number {
    return this.#ready.size;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#unsubscribe();
    await Promise.all([...this.#all].map((link) => link.close("goingAway", "the server stops")));
  }
}
