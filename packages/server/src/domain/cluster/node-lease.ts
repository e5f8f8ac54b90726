/** Facts of a node that the other nodes compare with their own. Contains no secret. */
export interface NodeFacts {
  version: string;
  publicUrl: string;
  /** Identify the bus and the blob store that it uses. Null when no other node can share them. */
  bus: string | null;
  blobs: string | null;
  /** Fingerprints of the keys that it signs with, and of the keys that it accepts. */
  keys: { signs: readonly string[]; accepts: readonly string[] };
}

export interface Node {
  id: string;
  /** Incremented by every heartbeat. */
  heartbeat: number;
  facts: NodeFacts;
}

/**
 * Why two nodes cannot serve one deployment together; null when they can. The text is for the
 * operator who starts the second one.
 */
export function whyNotTogether(mine: NodeFacts, other: NodeFacts): string | null {
  if (mine.bus === null) return "this node has no bus: set HALLIGAN_BUS_URL to that of the other node";
  if (other.bus === null) return "the other node has no bus: start it with the HALLIGAN_BUS_URL of this one";
  if (mine.bus !== other.bus) return `the buses differ: ${mine.bus} here, ${other.bus} there (HALLIGAN_BUS_URL)`;
  if (mine.blobs === null) return "this node keeps its bytes on its own disk: set HALLIGAN_BLOBS to object storage";
  if (other.blobs === null)
    return "the other node keeps its bytes on its own disk: give it object storage (HALLIGAN_BLOBS)";
  if (mine.blobs !== other.blobs)
    return `the blob stores differ: ${mine.blobs} here, ${other.blobs} there (HALLIGAN_BLOBS)`;
  const stranger = unacceptedKey(mine, other) ?? unacceptedKey(other, mine);
  if (stranger !== null) {
    return `the keys differ (${stranger}): give every node the same HALLIGAN_KEYS_DIR; a new key must be known to all before one signs with it`;
  }
  if (mine.publicUrl !== other.publicUrl) {
    return `the public URLs differ: ${mine.publicUrl} here, ${other.publicUrl} there (HALLIGAN_PUBLIC_URL)`;
  }
  return null;
}

const unacceptedKey = (one: NodeFacts, other: NodeFacts): string | null =>
  one.keys.signs.find((key) => !other.keys.accepts.includes(key)) ?? null;

/** When a node's heartbeat last changed, by the monotonic clock of the observing node. */
export type Observations = ReadonlyMap<string, { heartbeat: number; sinceMs: number }>;

/**
 * Nodes send a heartbeat at this interval. A node without a heartbeat for a whole lease has lapsed,
 * and its connections are marked as closed.
 */
export const HEARTBEAT_INTERVAL_MS = 3_000;
export const LEASE_MS = 15_000;

/**
 * Compares the nodes with the previous observation. Uses no wall clock, neither this node's nor the
 * database's: a node has lapsed when its heartbeat did not change for a whole lease while this node
 * was observing. After a pause in observing (the database was unavailable, or this process was
 * stopped) all leases start again, because no node could renew one.
 */
export function findLapsedNodes(
  nodes: readonly Node[],
  before: { observations: Observations; observedAtMs: number },
  monotonicMs: number,
): { observations: Observations; lapsed: string[] } {
  const wasPaused = monotonicMs - before.observedAtMs > 2 * HEARTBEAT_INTERVAL_MS;
  const observations = new Map<string, { heartbeat: number; sinceMs: number }>();
  for (const { id, heartbeat } of nodes) {
    const known = before.observations.get(id);
    const isUnchanged = known?.heartbeat === heartbeat && !wasPaused;
    observations.set(id, { heartbeat, sinceMs: isUnchanged ? known.sinceMs : monotonicMs });
  }
  const lapsed = [...observations].filter(([, { sinceMs }]) => monotonicMs - sinceMs >= LEASE_MS).map(([id]) => id);
  return { observations, lapsed };
}

/**
 * One node does the shared sweeping: the first of the living nodes by id. It does no harm if two
 * nodes briefly both believe that they are the one.
 */
export const isSweeperAmong = (ownId: string, nodes: readonly Node[], lapsed: readonly string[]): boolean =>
  nodes.every(({ id }) => id >= ownId || lapsed.includes(id));
