import { lru } from "../lru.ts";
import type { TransferProgress } from "./bus.ts";

/** Five messages a second for one upload: more than a person can follow. */
const INTERVAL_MS = 200;
/** Transfers that are remembered. Progress of an evicted one counts as its first. */
const MAX_TRANSFERS = 4_096;

/**
 * Whether progress is worth a message. Nothing is sent in the first interval of a transfer: most
 * results are complete within it, and at a thousand actions a second each of them would cost every
 * node a useless message.
 */
export function progressThrottle(monotonicMs: () => number): (progress: TransferProgress) => boolean {
  const passedAtMs = lru<string, number>(MAX_TRANSFERS);
  return ({ actionId, index }) => {
    const key = `${actionId} ${index}`;
    const nowMs = monotonicMs();
    const lastMs = passedAtMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < INTERVAL_MS) return false;
    passedAtMs.set(key, nowMs);
    return lastMs !== undefined;
  };
}
