/** What a node says of itself, for the others to compare. No secret in it. */
export interface NodeFacts {
  version: string;
  publicUrl: string;
  /** Names the bus and the blob store that it uses; null for those that no other node can share. */
  bus: string | null;
  blobs: string | null;
  /** Fingerprints of its keys: those it signs with, and those whose signatures it accepts. */
  keys: { signs: readonly string[]; accepts: readonly string[] };
}

export interface Node {
  id: string;
  /** Grows with every sign of life. */
  beat: number;
  facts: NodeFacts;
}

/** Why two nodes cannot serve one deployment together; null when they can. For the person who starts the second one. */
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

/** When a node's beat was last seen to change, by the monotonic clock of the one that looks. */
export type Sightings = ReadonlyMap<string, { beat: number; sinceMs: number }>;

/** Nodes say that they live this often; one that has not for the time of a lease has lapsed, and its links are forgotten. */
export const BEAT_INTERVAL_MS = 3_000;
export const LEASE_MS = 15_000;

/**
 * Compares the nodes with what was seen before. No wall clock is asked, neither ours nor the database's: a node has lapsed when its beat
 * stood still for a whole lease while this one was looking. After a pause in the looking (the database was away, this process was
 * stopped) all leases begin anew, because nobody could have kept one.
 */
export function lookAtNodes(
  nodes: readonly Node[],
  before: { sightings: Sightings; lookedAtMs: number },
  monotonicMs: number,
): { sightings: Sightings; lapsed: string[] } {
  const paused = monotonicMs - before.lookedAtMs > 2 * BEAT_INTERVAL_MS;
  const sightings = new Map<string, { beat: number; sinceMs: number }>();
  for (const { id, beat } of nodes) {
    const known = before.sightings.get(id);
    const stoodStill = known?.beat === beat && !paused;
    sightings.set(id, { beat, sinceMs: stoodStill ? known.sinceMs : monotonicMs });
  }
  const lapsed = [...sightings].filter(([, { sinceMs }]) => monotonicMs - sinceMs >= LEASE_MS).map(([id]) => id);
  return { sightings, lapsed };
}

/** The shared sweeping is the work of one: the first of the living by id. Two that both think so for a moment do no harm. */
export const sweeps = (ownId: string, nodes: readonly Node[], lapsed: readonly string[]): boolean =>
  nodes.every(({ id }) => id >= ownId || lapsed.includes(id));
