import { PART_BYTES } from "@halligan/protocol/link";

/**
 * The parts that a node needs and does not have, with the reason for each. Empty when the node is
 * ready.
 */
export type Unready = readonly {
  readonly part: "database" | "clock" | "bus" | "node" | "disk";
  readonly reason: string;
}[];

/** Problems that an operator should look at while the node continues to work. */
export type ReadinessWarnings = readonly { readonly part: "certificate" | "disk"; readonly reason: string }[];

/**
 * If the clock differs from the database's by more than this, deadlines and tokens of this node
 * would contradict those of the others.
 */
export const MAX_CLOCK_OFFSET_MS = 2_000;

export interface ReadinessFacts {
  readonly isStopping: boolean;
  /** Null where only this process uses the database. */
  readonly lease: {
    readonly isHeld: boolean;
    readonly clockOffsetMs: number;
    readonly contradiction: string | null;
  } | null;
  /** Null where there is no bus. */
  readonly bus: { readonly isConnected: boolean } | null;
  readonly disk: DiskState;
}

/** Null when no data lies on this machine's disk, or its free space cannot be read. */
export interface DiskState {
  readonly databaseFreeBytes: number | null;
  readonly resultsFreeBytes: number | null;
  readonly reserveBytes: number;
}

/**
 * With less space the embedded database cannot write a commit of usual size and a checkpoint of its
 * log.
 */
export const DATABASE_NEEDS_BYTES = 8 * 1024 * 1024;

/**
 * For a load balancer: whether this node may get work. A node without its bus still works, but its
 * wake-ups are lost, and each action waits some seconds until the store is polled. So it should get
 * no work while other nodes have their bus.
 */
export function unready({ isStopping, lease, bus, disk }: ReadinessFacts): Unready {
  const parts: { part: Unready[number]["part"]; reason: string }[] = [];
  if (isStopping) parts.push({ part: "node", reason: "it stops" });
  if (lease && lease.contradiction !== null) parts.push({ part: "node", reason: lease.contradiction });
  else if (lease && !lease.isHeld) parts.push({ part: "database", reason: "it does not answer" });
  if (lease && Math.abs(lease.clockOffsetMs) > MAX_CLOCK_OFFSET_MS) {
    const side = lease.clockOffsetMs < 0 ? "ahead of" : "behind";
    const reason = `this node's clock is ${Math.round(Math.abs(lease.clockOffsetMs))} ms ${side} the database's`;
    parts.push({ part: "clock", reason });
  }
  if (bus && !bus.isConnected) parts.push({ part: "bus", reason: "it is not connected" });
  if (disk.databaseFreeBytes !== null && disk.databaseFreeBytes < DATABASE_NEEDS_BYTES) {
    parts.push({ part: "disk", reason: "the file system of the database is full" });
  }
  return parts;
}

export function readinessWarnings({
  certificate,
  disk,
}: {
  readonly certificate: readonly string[];
  readonly disk: DiskState;
}): ReadinessWarnings {
  const { resultsFreeBytes, reserveBytes } = disk;
  const isFull = resultsFreeBytes !== null && resultsFreeBytes < reserveBytes + PART_BYTES;
  return [
    ...certificate.map((reason) => ({ part: "certificate", reason }) as const),
    ...(isFull
      ? [{ part: "disk", reason: `only the reserve is free: results and library files are refused with 507` } as const]
      : []),
  ];
}
