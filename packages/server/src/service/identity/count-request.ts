import { recordAdmitted, type WindowRule, waitForWindow } from "../../domain/identity/request-window.ts";
import { lru } from "../../lru.ts";
import type { Store } from "../../store/store.ts";

/**
 * Counts the requests of one key against sliding windows. Null: one more is admitted and was
 * counted. Otherwise the time to wait.
 */
export interface RequestCounter {
  count(key: string, rules: readonly WindowRule[]): Promise<number | null>;
}

/** Number of keys that are counted at once. The least recently used one is dropped first. */
const MAX_COUNTED = 20_000;

/** For a deployment with one node. Nothing is written, and a restart clears the counts. */
export function memoryCounter(monotonicMs: () => number): RequestCounter {
  const admitted = lru<string, number[]>(MAX_COUNTED);
  return {
    async count(key, rules) {
      const nowMs = monotonicMs();
      const times = admitted.get(key) ?? [];
      const waitMs = waitForWindow(times, rules, nowMs);
      if (waitMs === null) admitted.set(key, recordAdmitted(times, rules, nowMs));
      return waitMs;
    },
  };
}

/**
 * For nodes that count together: one row per key, compared and set, so that the limit is exact on
 * all nodes. A refused request writes nothing. `nowMs`: the database's clock, which all nodes
 * share. If it was set back, times in the future count as now.
 */
export function storeCounter(store: Store, nowMs: () => number): RequestCounter {
  return {
    count: (key, rules) =>
      store.write(async (tx) => {
        const window = await tx.requestWindows.byKey(key);
        const now = nowMs();
        const times = window.admittedMs.map((atMs) => Math.min(atMs, now));
        const waitMs = waitForWindow(times, rules, now);
        if (waitMs !== null) return waitMs;
        const longestMs = Math.max(0, ...rules.map(({ windowMs }) => windowMs));
        await tx.requestWindows.save({ ...window, admittedMs: recordAdmitted(times, rules, now) }, now + longestMs);
        return null;
      }),
  };
}
