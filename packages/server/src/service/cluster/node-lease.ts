import {
  findLapsedNodes,
  HEARTBEAT_INTERVAL_MS,
  isSweeperAmong,
  LEASE_MS,
  type Node,
  type NodeFacts,
  type Observations,
  whyNotTogether,
} from "../../domain/cluster/node-lease.ts";
import { wakeForFreeSlot } from "../actions/wake-for-free-slot.ts";
import { reapConnectionsOf } from "../agents/connection/record-disconnect.ts";
import type { ServiceContext } from "../context.ts";

/** A node that others would contradict does not start. The message says what to change. */
export class NodeContradictionError extends Error {
  override readonly name = "NodeContradictionError";
}

/**
 * Longest read of the database's clock that is used. After a longer one the returned time could be
 * too old.
 */
const MAX_CLOCK_ROUND_TRIP_MS = 1_000;

/** A node that cannot run at the same time as this one, and why. */
interface Contradiction {
  readonly node: Node;
  readonly reason: string;
}

export interface NodeLeaseDeps {
  readonly service: ServiceContext;
  readonly facts: NodeFacts;
  /** The node id in the context. It changes when the other nodes let this node's lease lapse. */
  readonly node: { id: string };
  /**
   * The other nodes let this node's lease lapse and marked its connections as closed. Every device
   * must reconnect.
   */
  readonly closeConnections: () => Promise<void>;
  readonly wait: (delayMs: number) => Promise<void>;
  /** The clock that all nodes share. Unix milliseconds. */
  readonly databaseNowMs: () => Promise<number>;
}

/**
 * This node's lease among the nodes on the same database: a row that is updated by each heartbeat.
 * If the row does not change for a whole lease, the other nodes mark the connections of this node
 * as closed, so that the devices of a killed node do not appear as reachable. Nothing else is
 * handed over: a device connects to another node, and its journal and the store decide.
 */
export class NodeLease {
  readonly #deps: NodeLeaseDeps;
  #observations: Observations = new Map();
  #lapsed: readonly string[] = [];
  #observedAtMs = Number.NEGATIVE_INFINITY;
  #isSweeper = false;
  #heartbeatAtMs = Number.NEGATIVE_INFINITY;
  #clockOffsetMs = 0;
  #contradiction: string | null = null;

  private constructor(deps: NodeLeaseDeps) {
    this.#deps = deps;
  }

  /**
   * Registers the node. Throws NodeContradictionError when a living one has other settings; one
   * that only seems to live is waited for.
   */
  static async join(deps: NodeLeaseDeps): Promise<NodeLease> {
    const lease = new NodeLease(deps);
    const before = await lease.#register();
    if (before.length > 0) {
      deps.service.log.info(
        { leaseMs: LEASE_MS },
        "another node has different settings; waiting until its lease lapses",
      );
      await deps.wait(LEASE_MS + HEARTBEAT_INTERVAL_MS);
      const dead = before.map(({ node }) => node);
      for (const { node, reason } of await lease.#contradicting()) {
        if (dead.every(({ id, heartbeat }) => id !== node.id || heartbeat !== node.heartbeat))
          throw new NodeContradictionError(reason);
        await lease.#reap(node.id);
      }
      const [another] = await lease.#register();
      if (another) throw new NodeContradictionError(another.reason);
    }
    await lease.#askClock();
    return lease;
  }

  /** True on the one node that does the shared sweeping. */
  get isSweeper(): boolean {
    return this.#isSweeper;
  }

  /** True when the last heartbeat reached the database within a lease. */
  get isHeld(): boolean {
    return this.#deps.service.clock.monotonicMs() - this.#heartbeatAtMs < LEASE_MS;
  }

  /**
   * Why this node must get no work: its lease lapsed, and a node that contradicts it took one
   * meanwhile.
   */
  get contradiction(): string | null {
    return this.#contradiction;
  }

  /** Add this to the node's clock to get the database's. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs;
  }

  /** Sends one heartbeat and reads the other nodes. Called every HEARTBEAT_INTERVAL_MS. */
  async heartbeat(): Promise<void> {
    const { service, node } = this.#deps;
    const { store, clock } = service;
    // The time is read before the heartbeat is sent. The others count from its arrival, so this
    // node never believes in its lease for longer than they do.
    const sentAtMs = clock.monotonicMs();
    if (!(await store.write((tx) => tx.nodes.heartbeat(node.id)))) await this.#rejoin();
    else this.#heartbeatAtMs = sentAtMs;
    await this.#askClock();
    const nodes = await store.read((tx) => tx.nodes.all());
    const monotonicMs = clock.monotonicMs();
    const look = findLapsedNodes(
      nodes,
      { observations: this.#observations, observedAtMs: this.#observedAtMs },
      monotonicMs,
    );
    this.#observations = look.observations;
    this.#observedAtMs = monotonicMs;
    this.#lapsed = look.lapsed;
    this.#isSweeper = isSweeperAmong(node.id, nodes, look.lapsed);
  }

  /**
   * The shared work of the sweeper. It runs separately from the heartbeats: marking 20,000
   * connections of one node as closed takes longer than a lease, so the sweeper's own lease would
   * lapse.
   */
  async reapLapsedNodes(): Promise<void> {
    const { store } = this.#deps.service;
    // Connections are read first. A node that registers between the two queries has none in the
    // first result.
    const withLinks = await store.read((tx) => tx.machines.nodesWithConnections());
    const nodes = await store.read((tx) => tx.nodes.all());
    const isStill = ({ id, heartbeat }: Node) =>
      this.#lapsed.includes(id) && this.#observations.get(id)?.heartbeat === heartbeat;
    const lapsed = nodes.filter(isStill).map(({ id }) => id);
    // A node without a row has connections only if another sweeper stopped between the two steps.
    const strays = withLinks.filter((linkedAt) => nodes.every(({ id }) => id !== linkedAt));
    const dead = new Set([...lapsed, ...strays]);
    for (const id of dead) await this.#reap(id);
    if (dead.size > 0) await wakeForFreeSlot(this.#deps.service);
  }

  /**
   * Called at the end of a clean stop, after all connections are closed. An unavailable database
   * does not make the stop fail: the other nodes detect it within a lease.
   */
  async leave(): Promise<void> {
    const { service, node } = this.#deps;
    try {
      await service.store.write((tx) => tx.nodes.remove(node.id));
    } catch (cause) {
      service.log.warn({ err: cause }, "removing the node lease failed; it lapses by itself");
    }
  }

  /**
   * The new name comes first. A device that connects between the two steps is recorded under it and
   * is disconnected with the others. Under the old name the sweeper would mark its connection as
   * closed while it is still open.
   */
  async #rejoin(): Promise<void> {
    const { service, node, closeConnections } = this.#deps;
    service.log.warn({ nodeId: node.id }, "node lease lost; its devices must reconnect");
    const [contradicting] = await this.#register();
    await closeConnections();
    this.#contradiction = contradicting?.reason ?? null;
    this.#isSweeper = false;
    if (contradicting) throw new NodeContradictionError(contradicting.reason);
  }

  /**
   * The clock is assumed to be read in the middle of the round trip. Whole milliseconds, because
   * times made with it are stored in integer columns.
   */
  async #askClock(): Promise<void> {
    const { clock } = this.#deps.service;
    const [askedMs, startedMs] = [clock.nowMs(), clock.monotonicMs()];
    const databaseMs = await this.#deps.databaseNowMs();
    const tookMs = clock.monotonicMs() - startedMs;
    if (tookMs <= MAX_CLOCK_ROUND_TRIP_MS) this.#clockOffsetMs = Math.round(databaseMs - (askedMs + tookMs / 2));
  }

  /**
   * Registers this node under a new name. If other nodes contradict this one, returns them instead.
   * One node registers at a time.
   */
  async #register(): Promise<Contradiction[]> {
    const { service, node, facts } = this.#deps;
    const sentAtMs = service.clock.monotonicMs();
    const id = service.ids.guid();
    const contradicting = await service.store.write(async (tx) => {
      await tx.nodes.lock();
      const found = this.#contradictingAmong(await tx.nodes.all());
      if (found.length === 0) await tx.nodes.insert({ id, heartbeat: 0, facts });
      return found;
    });
    node.id = id;
    if (contradicting.length === 0) this.#heartbeatAtMs = sentAtMs;
    return contradicting;
  }

  async #reap(nodeId: string): Promise<void> {
    const { service } = this.#deps;
    service.log.warn({ lapsedNodeId: nodeId }, "another node lapsed; its devices are offline until they connect again");
    // The node is removed first: if it is still running, it must learn that its connections no
    // longer count.
    await service.store.write((tx) => tx.nodes.remove(nodeId));
    await reapConnectionsOf(service, nodeId);
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
