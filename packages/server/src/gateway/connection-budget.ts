import { addressKey } from "../network/address-key.ts";
import type { ConnectionStates } from "../service/measures.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** Bounds of the agent connections of one node. Each one is a setting. */
export interface ConnectionBounds {
  /** Machines with a connection that proved its key. */
  maxConnections: number;
  /** Connections whose device has not proven a key. Not counted against `maxConnections`. */
  maxUnauthenticatedConnections: number;
  maxUnauthenticatedConnectionsPerAddress: number;
  /** Connections from one address that have not proven a key. */
  connectionAttemptsPerAddressPerMinute: number;
  /** Handshakes of one machine that prove its key. Each handshake costs two commits. */
  handshakesPerMachinePerMinute: number;
}

export const DEFAULT_BOUNDS: Omit<ConnectionBounds, "maxConnections"> = {
  maxUnauthenticatedConnections: 4_096,
  maxUnauthenticatedConnectionsPerAddress: 1_024,
  connectionAttemptsPerAddressPerMinute: 3_000,
  handshakesPerMachinePerMinute: 30,
};

export type ConnectionRefusal =
  | { code: "addressRate"; retryAfterMs: number }
  | { code: "addressFull"; retryAfterMs: number };
/** Why a connection is refused although its device signed correctly. */
export type MachineRefusal = "machineRate" | "noRoom";

/** Many devices share this address, so a bound for connections from it would be meaningless. */
export const SHARED_ADDRESS = null;
type Address = string | typeof SHARED_ADDRESS;

/** Delay until a handshake that is under way has ended or timed out. */
const RETRY_AFTER_MS = 5_000;

export type ConnectionCounts = Omit<ConnectionStates, "closing">;

/**
 * Decides who may have a connection. There are two separate budgets. Connections that prove no key
 * compete only with each other. A machine's key has a fixed share, whatever its device does.
 */
export class ConnectionBudget<C extends object> {
  readonly #bounds: ConnectionBounds;
  readonly #attempts: TokenBuckets;
  readonly #handshakes: TokenBuckets;
  /** Connections whose machine is not known yet, by address, oldest first. */
  readonly #unauthenticated = new Map<Address, Set<C>>();
  readonly #addresses = new Map<C, Address>();
  readonly #machines = new Map<string, Set<C>>();
  readonly #machineOf = new Map<C, string>();

  constructor(bounds: ConnectionBounds) {
    this.#bounds = bounds;
    this.#attempts = new TokenBuckets(bounds.connectionAttemptsPerAddressPerMinute);
    this.#handshakes = new TokenBuckets(bounds.handshakesPerMachinePerMinute);
  }

  /**
   * Called before the connection is made. Null: it may be made. `SHARED_ADDRESS`: the device's
   * address is not known, because a proxy hides it.
   */
  refusalFor(address: string | typeof SHARED_ADDRESS, nowMs: number): ConnectionRefusal | null {
    if (address === SHARED_ADDRESS) return null;
    const group = addressKey(address);
    if ((this.#unauthenticated.get(group)?.size ?? 0) >= this.#bounds.maxUnauthenticatedConnectionsPerAddress) {
      return { code: "addressFull", retryAfterMs: RETRY_AFTER_MS };
    }
    const waitMs = this.#attempts.takeToken(group, nowMs);
    return waitMs > 0 ? { code: "addressRate", retryAfterMs: waitMs } : null;
  }

  /**
   * A connection was made. Returns the connection to close when there are too many: the oldest one
   * of the address that has the most. An address with few connections therefore never loses one.
   */
  opened(connection: C, address: string | typeof SHARED_ADDRESS): C | null {
    const evicted =
      this.#unauthenticatedCount() >= this.#bounds.maxUnauthenticatedConnections ? this.#oldestOfLargest() : null;
    if (evicted) this.closed(evicted);
    const group = address === SHARED_ADDRESS ? SHARED_ADDRESS : addressKey(address);
    this.#addresses.set(connection, group);
    getOrAddSet(this.#unauthenticated, group).add(connection);
    return evicted;
  }

  /**
   * The device signed with the machine's key, so the connection counts against the machine's budget
   * from now on. Null: the connection may go on.
   */
  assignToMachine(connection: C, machineId: string, nowMs: number): MachineRefusal | null {
    const address = this.#addresses.get(connection);
    if (address === undefined) return "noRoom";
    if (this.#handshakes.takeToken(machineId, nowMs) > 0) return "machineRate";
    if (!this.#machines.has(machineId) && this.#machines.size >= this.#bounds.maxConnections) return "noRoom";
    this.closed(connection);
    // A handshake that succeeds gives its token back, so honest devices do not exhaust the attempts
    // of an address that they share.
    if (address !== SHARED_ADDRESS) this.#attempts.returnToken(address);
    getOrAddSet(this.#machines, machineId).add(connection);
    this.#machineOf.set(connection, machineId);
    return null;
  }

  /** Connections that have proven this machine's key. */
  of(machineId: string): ReadonlySet<C> {
    return this.#machines.get(machineId) ?? new Set();
  }

  closed(connection: C): void {
    const address = this.#addresses.get(connection);
    if (address !== undefined) removeFrom(this.#unauthenticated, address, connection);
    this.#addresses.delete(connection);
    const machineId = this.#machineOf.get(connection);
    if (machineId !== undefined) removeFrom(this.#machines, machineId, connection);
    this.#machineOf.delete(connection);
  }

  counts(ready: number): ConnectionCounts {
    return { unauthenticated: this.#unauthenticatedCount(), authenticating: this.#machineOf.size - ready, ready };
  }

  #unauthenticatedCount(): number {
    return this.#addresses.size;
  }

  #oldestOfLargest(): C | null {
    let largest: Set<C> | null = null;
    for (const set of this.#unauthenticated.values()) if (!largest || set.size > largest.size) largest = set;
    const oldest = largest?.values().next();
    return oldest && !oldest.done ? oldest.value : null;
  }
}

function getOrAddSet<K, C>(sets: Map<K, Set<C>>, key: K): Set<C> {
  const known = sets.get(key);
  if (known) return known;
  const made = new Set<C>();
  sets.set(key, made);
  return made;
}

function removeFrom<K, C>(sets: Map<K, Set<C>>, key: K, connection: C): void {
  const set = sets.get(key);
  if (set?.delete(connection) && set.size === 0) sets.delete(key);
}
