import type { TransferProgress } from "./bus.ts";

/** Five a second of one upload: more than an eye follows. */
const INTERVAL_MS = 200;
/** Transfers that are remembered; the one that began first is forgotten first, and then costs one word more. */
const MAX_TRANSFERS = 4_096;

/**
 * Whether progress is worth a message. Nothing of a transfer's first interval is: most results are there within it, and at a
 * thousand actions a second each of them would cost every node a message for nothing.
 */
export function progressThrottle(monotonicMs: () => number): (progress: TransferProgress) => boolean {
  const passedAtMs = new Map<string, number>();
  return ({ actionId, index }) => {
    const key = `${actionId} ${index}`;
    const nowMs = monotonicMs();
    const lastMs = passedAtMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < INTERVAL_MS) return false;
    passedAtMs.set(key, nowMs);
    if (passedAtMs.size > MAX_TRANSFERS) {
      const oldest = passedAtMs.keys().next();
      if (!oldest.done) passedAtMs.delete(oldest.value);
    }
    return lastMs !== undefined;
  };
}
