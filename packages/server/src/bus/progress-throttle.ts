import type { TransferProgress } from "./bus.ts";

/** Five messages a second for one upload: more than a person can follow. */
const INTERVAL_MS = 200;
/**
 * Transfers that are remembered. The one that began first is dropped first, and then causes one
 * message more.
 */
const MAX_TRANSFERS = 4_096;

/**
 * Whether progress is worth a message. Nothing is sent in the first interval of a transfer: most
 * results are complete within it, and at a thousand actions a second each of them would cost every
 * node a useless message.
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
