/**
 * How long nodes may still report a backend as unavailable after it answers again. In this time
 * they reconnect and acquire leases.
 */
const RECOVERY_MS = 5_000;
/** A connection that broke a moment before is met by the next request on it. */
const STALE_MS = 1_000;

interface Outage {
  readonly of: string;
  readonly fromMs: number;
  untilMs: number;
}

/** What was broken and when: what a caller may put down to it, and what not. */
export class Outages {
  readonly #list: Outage[] = [];

  /** Ends when the answer is called. */
  begin(of: string): () => void {
    const outage = { of, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY };
    this.#list.push(outage);
    return () => {
      outage.untilMs = performance.now();
    };
  }

  count(of: RegExp): number {
    return this.#list.filter((outage) => of.test(outage.of)).length;
  }

  /** Whether the database was away at any time since, or had come back only just before. */
  mayExcuse503(sinceMs: number): boolean {
    return this.#list.some(({ of, untilMs }) => of === "postgres" && untilMs + RECOVERY_MS >= sinceMs);
  }

  /** Whether the one that was asked was down at any time since; through the balancer that is any that was killed meanwhile. */
  mayExcuseLoss(node: string | null, sinceMs: number): boolean {
    const isMeant = (of: string) => (node === null ? of.startsWith("node-") : of === node);
    return this.#list.some(({ of, fromMs, untilMs }) => {
      if (!isMeant(of)) return false;
      return (node === null ? fromMs : untilMs) + STALE_MS >= sinceMs;
    });
  }
}
