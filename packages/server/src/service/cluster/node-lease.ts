import {
  BEAT_INTERVAL_MS,
  LEASE_MS,
  lookAtNodes,
  type Node,
  type NodeFacts,
  type Sightings,
  sweeps,
  whyNotTogether,
} from "../../domain/cluster/node-lease.ts";
import { wakeForFreePlace } from "../actions/wake-for-free-place.ts";
import { forgetLinksOf } from "../agents/link-lifecycle.ts";
import type { ServiceContext } from "../context.ts";

/** A node that others would contradict does not start. The message says what to change. */
export class NotTogether extends Error {}

/** A look at the database's clock that took longer says too little: the answer may come from any moment of it. */
const MAX_CLOCK_ROUND_TRIP_MS = 1_000;

/** A node that cannot run beside this one, and why. */
interface Contradiction {
  readonly node: Node;
  readonly reason: string;
}

export interface NodeLeaseDeps {
  readonly service: ServiceContext;
  readonly facts: NodeFacts;
  /** The name that the context carries; it changes when the others took this node for dead. */
  readonly node: { id: string };
  /** The others took this node for dead and its devices for absent: every link has to be made anew. */
  readonly closeLinks: () => Promise<void>;
  readonly wait: (delayMs: number) => Promise<void>;
  /** The clock that all nodes share. Unix milliseconds. */
  readonly databaseNowMs: () => Promise<number>;
}

/**
 * This node's place among those on the same database: a row that grows while it lives. Whoever sees it stand still for a lease forgets
 * its links, so that the devices of a killed node do not stay reachable. Nothing else is handed over: a device dials another node, and
 * its journal and the store decide.
 */
export class NodeLease {
  readonly #deps: NodeLeaseDeps;
  #sightings: Sightings = new Map();
  #lapsed: readonly string[] = [];
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #isSweeper = false;
  #beatenAtMs = Number.NEGATIVE_INFINITY;
  #clockOffsetMs = 0;
  #contradiction: string | null = null;

  private constructor(deps: NodeLeaseDeps) {
    this.#deps = deps;
  }

  /** Registers the node. Throws NotTogether when a living one has other settings; one that only seems to live is waited for. */
  static async join(deps: NodeLeaseDeps): Promise<NodeLease> {
    const lease = new NodeLease(deps);
    const before = await lease.#register();
    if (before.length > 0) {
      deps.service.log.info({ leaseMs: LEASE_MS }, "another node has other settings; waiting to see whether it lives");
      await deps.wait(LEASE_MS + BEAT_INTERVAL_MS);
      const dead = before.map(({ node }) => node);
      for (const { node, reason } of await lease.#contradicting()) {
        if (dead.every(({ id, beat }) => id !== node.id || beat !== node.beat)) throw new NotTogether(reason);
        await lease.#forget(node.id);
      }
      const [another] = await lease.#register();
      if (another) throw new NotTogether(another.reason);
    }
    await lease.#askClock();
    return lease;
  }

  /** True on the one node that does the shared sweeping. */
  get isSweeper(): boolean {
    return this.#isSweeper;
  }

  /** The last sign of life reached the database within a lease. */
  get isHeld(): boolean {
    return this.#deps.service.clock.monotonicMs() - this.#beatenAtMs < LEASE_MS;
  }

  /** Why this node may not be given work: it lost its place, and one that contradicts it took one meanwhile. */
  get contradiction(): string | null {
    return this.#contradiction;
  }

  /** What has to be added to this node's clock to get the database's. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs;
  }

  /** One sign of life, and one look at the others. Called every BEAT_INTERVAL_MS. */
  async beat(): Promise<void> {
    const { service, node } = this.#deps;
    const { store, clock } = service;
    // The time before the sign: the others count from its arrival, so this node never holds its place for longer than they do.
    const begunMs = clock.monotonicMs();
    if (!(await store.write((tx) => tx.nodes.beat(node.id)))) await this.#returnFromTheDead();
    else this.#beatenAtMs = begunMs;
    await this.#askClock();
    const nodes = await store.read((tx) => tx.nodes.all());
    const monotonicMs = clock.monotonicMs();
    const look = lookAtNodes(nodes, { sightings: this.#sightings, lookedAtMs: this.#lookedAtMs }, monotonicMs);
    this.#sightings = look.sightings;
    this.#lookedAtMs = monotonicMs;
    this.#lapsed = look.lapsed;
    this.#isSweeper = sweeps(node.id, nodes, look.lapsed);
  }

  /**
   * What the sweeper does for all, beside its beats: 20,000 links of one node take longer to forget than a lease, and the sweeper would
   * be taken for dead over it.
   */
  async forgetTheDead(): Promise<void> {
    const { store } = this.#deps.service;
    // Links first: a node that takes its place between the two questions has none in the first answer.
    const withLinks = await store.read((tx) => tx.machines.nodesWithLinks());
    const nodes = await store.read((tx) => tx.nodes.all());
    const isStill = ({ id, beat }: Node) => this.#lapsed.includes(id) && this.#sightings.get(id)?.beat === beat;
    const lapsed = nodes.filter(isStill).map(({ id }) => id);
    // Links of a node whose row is gone already belong to a sweeper that died between the two steps.
    const strays = withLinks.filter((linkedAt) => nodes.every(({ id }) => id !== linkedAt));
    const dead = new Set([...lapsed, ...strays]);
    for (const id of dead) await this.#forget(id);
    if (dead.size > 0) await wakeForFreePlace(this.#deps.service);
  }

  /** At the end of a clean stop, when all links are closed. A database that is away makes no stop fail: the others notice within a lease. */
  async leave(): Promise<void> {
    const { service, node } = this.#deps;
    try {
      await service.store.write((tx) => tx.nodes.remove(node.id));
    } catch (cause) {
      service.log.warn({ err: cause }, "the other nodes could not be told that this one stops");
    }
  }

  /**
   * The new name comes first: what dials between the two steps is known under it and closed with the rest. Under the old name it would
   * be forgotten by the sweeper while its link lives on here.
   */
  async #returnFromTheDead(): Promise<void> {
    const { service, node, closeLinks } = this.#deps;
    service.log.warn({ nodeId: node.id }, "the other nodes took this one for dead; its devices have to dial anew");
    const [contradicting] = await this.#register();
    await closeLinks();
    this.#contradiction = contradicting?.reason ?? null;
    this.#isSweeper = false;
    if (contradicting) throw new NotTogether(contradicting.reason);
  }

  /** Taken to be told in the middle of the round trip. Whole milliseconds: times made with it are stored in columns of whole numbers. */
  async #askClock(): Promise<void> {
    const { clock } = this.#deps.service;
    const [askedMs, startedMs] = [clock.nowMs(), clock.monotonicMs()];
    const toldMs = await this.#deps.databaseNowMs();
    const tookMs = clock.monotonicMs() - startedMs;
    if (tookMs <= MAX_CLOCK_ROUND_TRIP_MS) this.#clockOffsetMs = Math.round(toldMs - (askedMs + tookMs / 2));
  }

  /** Takes a place under a new name, unless nodes that contradict this one have theirs: then it answers with them. One node at a time. */
  async #register(): Promise<Contradiction[]> {
    const { service, node, facts } = this.#deps;
    const begunMs = service.clock.monotonicMs();
    const id = service.ids.guid();
    const contradicting = await service.store.write(async (tx) => {
      await tx.nodes.lock();
      const found = this.#contradictingAmong(await tx.nodes.all());
      if (found.length === 0) await tx.nodes.insert({ id, beat: 0, facts });
      return found;
    });
    node.id = id;
    if (contradicting.length === 0) this.#beatenAtMs = begunMs;
    return contradicting;
  }

  async #forget(nodeId: string): Promise<void> {
    const { service } = this.#deps;
    service.log.warn({ lapsedNodeId: nodeId }, "a node is gone; its devices are away until they dial another one");
    // Taken off first: should it live after all, it must learn that its links do not count any more.
    await service.store.write((tx) => tx.nodes.remove(nodeId));
    await forgetLinksOf(service, nodeId);
  }

  async #contradicting(): Promise<Contradiction[]> {
    return this.#contradictingAmong(await this.#deps.service.store.read((tx) => tx.nodes.all()));
  }

  #contradictingAmong(nodes: readonly Node[]): Contradiction[] {
    const { facts, node: own } = this.#deps;
    return nodes.flatMap((node) => {
      const reason = node.id === own.id ? null : whyNotTogether(facts, node.facts);
      return reason === null ? [] : [{ node, reason }];
    });
  }
}
